"""How often one link may be pressed."""

from dispatcher.web.public.link_limits import MAX_LINKS, WINDOW_SECONDS, LinkLimits


class TestLinkLimits:
    def test_one_link_is_held_and_others_are_not(self) -> None:
        limits = LinkLimits(presses=2, now=lambda: 0.0)
        assert [limits.may_press("a") for _ in range(4)] == [True, True, False, False]
        assert limits.may_press("b")

    def test_after_the_window_it_may_be_pressed_again(self) -> None:
        at = [0.0]
        limits = LinkLimits(presses=1, now=lambda: at[0])
        assert limits.may_press("a")
        assert not limits.may_press("a")
        at[0] = WINDOW_SECONDS
        assert limits.may_press("a")

    def test_remembers_no_token_and_not_without_end(self) -> None:
        limits = LinkLimits(presses=1, now=lambda: 0.0)
        for number in range(MAX_LINKS + 10):
            limits.may_press(f"token-{number}")
        kept = limits._links
        assert len(kept) == MAX_LINKS
        assert not any(b"token" in name for name in kept)
