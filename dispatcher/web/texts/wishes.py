"""Texts of the public page of wishes: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

WISHES: Final[Words] = {
    "unsubscribe": ("Отписка", "Відписка", "Unsubscribe"),
    "unsubscribe_lead": (
        "Вы больше не будете получать от нас:",
        "Ви більше не отримуватимете від нас:",
        "You will no longer receive from us:",
    ),
    "unsubscribe_button": ("Отписаться", "Відписатися", "Unsubscribe"),
    "unsubscribe_note": (
        "Пока вы не нажали кнопку, ничего не изменится. Другие сообщения, например об отключениях,"
        " останутся.",
        "Доки ви не натиснули кнопку, нічого не зміниться. Інші повідомлення, наприклад про відключення,"
        " залишаться.",
        "Nothing changes until you press the button. Other messages, such as those about outages, stay on.",
    ),
    "unsubscribed": ("Вы отписаны", "Вас відписано", "You are unsubscribed"),
    "unsubscribed_lead": (
        "Мы не отправляем вам:",
        "Ми не надсилаємо вам:",
        "We do not send you:",
    ),
    "unsubscribe_mistake": (
        "Если нужна помощь или другие изменения, позвоните нам: ",
        "Якщо потрібна допомога або інші зміни, зателефонуйте нам: ",
        "If you need help or other changes, call us: ",
    ),
    "unsubscribe_bad": ("Ссылка не работает", "Посилання не працює", "The link does not work"),
    "unsubscribe_bad_lead": (
        "Она повреждена. Откройте её ещё раз из сообщения или позвоните нам: ",
        "Воно пошкоджене. Відкрийте його ще раз із повідомлення або зателефонуйте нам: ",
        "It is damaged. Open it again from the message or call us: ",
    ),
    "wishes_busy": ("Слишком часто", "Надто часто", "Too often"),
    "wishes_busy_lead": (
        "Эту ссылку нажимают слишком часто. Подождите минуту и попробуйте ещё раз: сделанное раньше уже"
        " действует.",
        "Це посилання натискають надто часто. Зачекайте хвилину й спробуйте ще раз: зроблене раніше вже діє.",
        "This link is being pressed too often. Wait a minute and try again: what was done before stands.",
    ),
    "wishes_on_its_way": (
        "Сообщение, отправленное раньше, может ещё прийти.",
        "Повідомлення, надіслане раніше, може ще надійти.",
        "A message that was sent before may still arrive.",
    ),
    "wishes_again": ("Присылать снова", "Надсилати знову", "Send them again"),
    "wishes_agree": (
        "Включая сообщения, вы соглашаетесь получать их от компании «{company}» этим способом; отказаться"
        " можно в любой момент на этой же странице.",
        "Вмикаючи повідомлення, ви погоджуєтеся отримувати їх від компанії «{company}» цим способом;"
        " відмовитися можна будь-коли на цій самій сторінці.",
        "By switching messages on you agree to receive them from {company} this way; you may take it back at"
        " any time on this very page.",
    ),
    "wishes_all": ("Не присылать ничего", "Не надсилати нічого", "Send me nothing"),
    "wishes_all_lead": (
        "Никаких сообщений ни одним способом: ни писем, ни SMS, ни автоматических звонков.",
        "Жодних повідомлень жодним способом: ні листів, ні SMS, ні автоматичних дзвінків.",
        "No messages in any way: no e-mail, no SMS, no automatic calls.",
    ),
    "wishes_all_button": ("Отказаться от всего", "Відмовитися від усього", "Stop everything"),
    "wishes_choose": (
        "Выбрать, что и как присылать",
        "Вибрати, що і як надсилати",
        "Choose what to receive, and how",
    ),
    "wishes_elsewhere": ("выключено", "вимкнено", "switched off"),
    "wishes_elsewhere_lead": (
        "Снова включить можно только то, что приходит туда же, откуда вы открыли эту страницу. Остальное"
        " включается по ссылке из сообщения, пришедшего тем способом, или по телефону.",
        "Знову ввімкнути можна лише те, що надходить туди ж, звідки ви відкрили цю сторінку. Решта вмикається"
        " за посиланням із повідомлення, що надійшло тим способом, або телефоном.",
        "Only what comes to where you opened this page from can be switched on again here. The rest is"
        " switched on by the link of a message that came that way, or by telephone.",
    ),
    "wishes_save": ("Сохранить", "Зберегти", "Save"),
    "wishes_mandatory": (
        "Что нельзя отключить совсем",
        "Що не можна вимкнути зовсім",
        "What cannot be switched off altogether",
    ),
    "wishes_mandatory_lead": (
        "О некоторых вещах мы обязаны предупредить по закону или договору, например об ограничении подачи"
        " электроэнергии. Если вы от них отказались здесь, мы передадим их другим путём: письмом по почте"
        " или через сотрудника.",
        "Про деякі речі ми зобов'язані попередити за законом або договором, наприклад про обмеження подачі"
        " електроенергії. Якщо ви від них відмовилися тут, ми передамо їх іншим шляхом: листом поштою або"
        " через працівника.",
        "Of some things we must warn you by law or by contract, such as a restriction of supply. If you"
        " switch them off here, they reach you another way: by post or through one of our staff.",
    ),
    "wishes_said_kind": ("Готово: вы отписаны.", "Готово: вас відписано.", "Done: you are unsubscribed."),
    "wishes_said_all": (
        "Готово: мы больше ничего не присылаем.",
        "Готово: ми більше нічого не надсилаємо.",
        "Done: we send you nothing more.",
    ),
    "wishes_said_wishes": ("Сохранено.", "Збережено.", "Saved."),
    "wishes_said_again": (
        "Готово: будем присылать снова.",
        "Готово: надсилатимемо знову.",
        "Done: we send them again.",
    ),
    "wishes_said_same": (
        "Всё уже так и есть, менять было нечего.",
        "Усе вже так і є, змінювати не було чого.",
        "It is so already, there was nothing to change.",
    ),
    "wishes_said_stale": (
        "Ничего не изменено: страница устарела. Проверьте и нажмите ещё раз.",
        "Нічого не змінено: сторінка застаріла. Перевірте й натисніть ще раз.",
        "Nothing was changed: the page was out of date. Check it and press again.",
    ),
}
