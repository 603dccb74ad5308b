"""What came of calls, for staff: who answered, how far it came, what people entered."""

from typing import Final

from reports.words import Words

ANSWERED_BY: Final[Words] = {
    "human": ("человек", "людина", "a person"),
    "machine": ("автоответчик", "автовідповідач", "a machine"),
    "unsure": ("неясно, кто", "неясно, хто", "not sure who"),
    "nobody": ("никто", "ніхто", "nobody"),
}
REACHED: Final[Words] = {
    "answered": ("ответили", "відповіли", "answered"),
    "heard": ("прослушано", "прослухано", "heard"),
    "confirmed": ("подтверждено", "підтверджено", "confirmed"),
}
#: Names of what is asked for by digits; one of the staff's own is shown as it is.
ENTERED: Final[Words] = {
    "reading": ("показание счётчика", "показ лічильника", "meter reading"),
}
