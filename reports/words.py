"""Human words for the codes of states, reasons, channels and purposes, in the languages of the staff.

A code that nobody has put into words yet is shown as it is: a raw code tells more than a guess. Codes of
mail servers are told apart by their enhanced part (RFC 3463), whichever three digits come before it.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

from channels.sms.replies import Wish
from dispatcher.delivery.returns import sms_replies
from reports.sms_words import sms_words

Language = Literal["ru", "uk", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
Words = Mapping[str, tuple[str, str, str]]  #: code → ru, uk, en

_SERVER_CODE: Final = re.compile(r"(?:smtp_[2-5]\d\d|dsn|bounce)_([245])\.(\d{1,3}\.\d{1,3})")
_HTTP_CODE: Final = re.compile(r"http_(\d{3})")
_PLAIN_CODE: Final = re.compile(r"smtp_([45])\d\d")

RUN_STATES: Final[Words] = {
    "draft": ("черновик", "чернетка", "draft"),
    "awaiting_approval": ("ждёт согласования", "чекає на погодження", "waiting for approval"),
    "rejected": (
        "отклонено: не начиналось, никто не запланирован",
        "відхилено: не починалося, нікого не заплановано",
        "rejected: it never began, nobody was planned",
    ),
    "scheduled": ("ждёт начала", "чекає на початок", "waiting for its start"),
    "running": ("идёт", "триває", "running"),
    "paused": ("на паузе", "на паузі", "paused"),
    "stopping": ("останавливается", "зупиняється", "stopping"),
    "closed": ("завершено", "завершено", "closed"),
}
RUN_REASONS: Final[Words] = {
    "first_sent": (
        "первые отправлены: проверьте и продолжите",
        "перші надіслано: перевірте і продовжте",
        "the first ones are sent: look, then resume",
    ),
    "staff": ("решение сотрудника", "рішення працівника", "decided by staff"),
    "api": ("решение другой системы", "рішення іншої системи", "decided by another system"),
    "content_refused": (
        "почтовые серверы отвергают содержание письма",
        "поштові сервери відкидають зміст листа",
        "mail servers refuse what the message holds",
    ),
    "error_rate": (
        "слишком много отказов: проверьте список и почтовый сервер",
        "забагато відмов: перевірте список і поштовий сервер",
        "too many refusals: check the list and the mail server",
    ),
    "window_ended": ("срок закончился", "строк скінчився", "the window has ended"),
}
#: Profiles that come with the product; one of the staff's own is shown by its name.
POLICY_PROFILES: Final[Words] = {
    "always": (
        "круглосуточно, без ограничений",
        "цілодобово, без обмежень",
        "round the clock, no limits",
    ),
    "service_standard": (
        "стандарт обслуживания",
        "стандарт обслуговування",
        "service standard",
    ),
    "debtor_safe": (
        "защита должников, 230-ФЗ",
        "захист боржників, 230-ФЗ",
        "protection of debtors, law 230-FZ",
    ),
    "survey": (
        "опросы",
        "опитування",
        "surveys",
    ),
    "ukraine": (
        "долги в Украине",
        "борги в Україні",
        "debts in Ukraine",
    ),
    "emergency_outage": (
        "аварийное отключение",
        "аварійне відключення",
        "emergency outage",
    ),
    "by_purpose": (
        "по таблице целей",
        "за таблицею цілей",
        "as the table of purposes says",
    ),
}
#: Of campaigns that repeat: their states, what became of a time, and why.
OCCURRENCES: Final[Words] = {
    "active": ("повторяется", "повторюється", "repeats"),
    "paused": ("на паузе", "на паузі", "paused"),
    "ended": ("больше не повторяется", "більше не повторюється", "repeats no more"),
    "made": ("запуск создан", "запуск створено", "run made"),
    "missed": ("пропущено", "пропущено", "missed"),
    "skipped": ("не запускалось", "не запускалося", "skipped"),
    "later_one_due": (
        "система не работала; подошёл следующий срок",
        "система не працювала; настав наступний строк",
        "the system was down and a later time had come",
    ),
    "window_passed": (
        "система не работала, пока шёл срок",
        "система не працювала, поки тривав строк",
        "the system was down for the whole window",
    ),
    "refused_by_rules": (
        "нет обязательных сведений или срок упущен: сделайте пробу задания",
        "немає обов'язкових відомостей або строк пропущено: зробіть пробу завдання",
        "mandatory items are missing or it is too late: try the campaign out",
    ),
    "list_unchanged": (
        "список не менялся с прошлого раза: людям ушло бы то же самое",
        "список не змінився з минулого разу: людям пішло б те саме",
        "the list is the same as last time: people would get the same again",
    ),
    "no_list": ("нет готового списка", "немає готового списку", "no complete list"),
}
LIST_STATES: Final[Words] = {
    "importing": ("загружается", "завантажується", "being imported"),
    "frozen": ("готов", "готовий", "ready"),
    "failed": ("не годится", "не придатний", "unusable"),
    "purged": ("данные удалены по сроку", "дані видалено за строком", "data purged by retention"),
}
#: Why a version of a list is failed, and what to do.
LIST_FAILURES: Final[Words] = {
    "interrupted": (
        "загрузка оборвалась: программа или машина остановилась. Загрузите файл ещё раз",
        "завантаження обірвалося: програма або машина зупинилася. Завантажте файл ще раз",
        "the import broke off: the program or the machine stopped. Upload the file again",
    ),
    "superseded": (
        "этот же список начали загружать заново: смотрите новую версию",
        "цей самий список почали завантажувати заново: дивіться нову версію",
        "the same list was begun anew: see the newer version",
    ),
    "no_good_rows": (
        "ни одной годной строки: исправьте файл по замечаниям и загрузите снова",
        "жодного придатного рядка: виправте файл за зауваженнями і завантажте знову",
        "not one good row: mend the file by the remarks and upload it again",
    ),
}
#: Of bills that a list names by link: where they stand, and why one has not come.
BILL_STATES: Final[Words] = {
    "waiting": ("ещё не загружены", "ще не завантажено", "still to come"),
    "ready": ("загружены", "завантажено", "fetched"),
    "failed": ("получить не удалось", "отримати не вдалося", "given up"),
    "dropped": ("больше не нужны", "більше не потрібні", "no longer needed"),
}
BILL_FAULTS: Final[Words] = {
    "http_401": ("сервер не пускает нас", "сервер нас не пускає", "the server does not let us in"),
    "http_403": ("сервер не пускает нас", "сервер нас не пускає", "the server does not let us in"),
    "http_404": ("файла нет на сервере", "файлу немає на сервері", "the server has no such file"),
    "http_410": ("файла больше нет на сервере", "файлу більше немає на сервері", "the file is gone"),
    "http_429": ("сервер просит реже", "сервер просить рідше", "the server asks us to slow down"),
    "timeout": ("сервер не ответил вовремя", "сервер не відповів вчасно", "no answer in time"),
    "dns": ("имя сервера не найдено", "ім’я сервера не знайдено", "the server's name is not known"),
    "tls": (
        "сертификат сервера не подтверждён",
        "сертифікат сервера не підтверджено",
        "the server's certificate is not trusted",
    ),
    "unreachable": ("сервер недоступен", "сервер недоступний", "the server cannot be reached"),
    "broken_off": ("связь оборвалась", "зв’язок обірвався", "the connection was lost"),
    "bad_answer": ("непонятный ответ сервера", "незрозуміла відповідь сервера", "a senseless answer"),
    "too_large": ("файл слишком велик", "файл завеликий", "the file is too large"),
    "bad_type": ("не PDF и не изображение", "не PDF і не зображення", "neither a PDF nor a picture"),
    "address_refused": (
        "имя сервера ведёт во внутреннюю сеть",
        "ім’я сервера веде у внутрішню мережу",
        "the server's name leads into the inner network",
    ),
    "redirect_refused": (
        "сервер отправляет не на разрешённый адрес",
        "сервер спрямовує не на дозволену адресу",
        "the server sends us to where we may not go",
    ),
    "redirects_too_many": ("слишком много переадресаций", "забагато переадресацій", "too many redirects"),
    "url_refused": (
        "сервер убрали из разрешённых",
        "сервер прибрали з дозволених",
        "the server is no longer allowed",
    ),
    "broken": (
        "сбой при загрузке: сообщите нам",
        "збій під час завантаження: повідомте нам",
        "our own fault",
    ),
}
#: Of the consent ledger: what an entry says, on what legal basis, and how it reached us.
CONTACT_KINDS: Final[Words] = {
    "email": ("электронная почта", "електронна пошта", "e-mail"),
    "phone": ("телефон", "телефон", "telephone"),
}
CONSENT_ACTIONS: Final[Words] = {
    "given": ("дано", "надано", "given"),
    "confirmed": ("подтверждено", "підтверджено", "confirmed"),
    "pending": ("ждёт подтверждения", "чекає на підтвердження", "waits for confirmation"),
    "refused": ("отказ", "відмова", "refused"),
    "withdrawn": ("отозвано", "відкликано", "withdrawn"),
    "expired": ("срок истёк", "строк минув", "expired"),
}
CONSENT_BASES: Final[Words] = {
    "consent": ("согласие", "згода", "consent"),
    "contract": ("договор", "договір", "contract"),
    "legal_duty": ("обязанность по закону", "обов’язок за законом", "legal duty"),
}
CONSENT_SOURCES: Final[Words] = {
    "paper": ("бумага", "папір", "paper"),
    "office": ("офис обслуживания", "офіс обслуговування", "service office"),
    "call": ("звонок с записью", "дзвінок із записом", "recorded call"),
    "personal_account": ("личный кабинет", "особистий кабінет", "personal account"),
    "web_form": ("форма на сайте", "форма на сайті", "web form"),
    "import": ("загрузка списка", "завантаження списку", "import"),
    "api": ("другая система", "інша система", "another system"),
    "staff": ("сотрудник", "працівник", "staff"),
    "correction": ("исправление адреса", "виправлення адреси", "corrected address"),
    "email_link": ("ссылка из письма", "посилання з листа", "link of a letter"),
    "sms_code": ("код из SMS", "код із SMS", "code by SMS"),
    "one_click": ("отписка в почте", "відписка в пошті", "one-click unsubscription"),
    "unsubscribe_link": ("ссылка отписки", "посилання відписки", "unsubscribe link"),
    "unsubscribe_page": ("страница отписки", "сторінка відписки", "unsubscribe page"),
    "preference_page": ("страница настроек", "сторінка налаштувань", "preference page"),
    "mail_reply": ("ответ на письмо", "відповідь на лист", "reply by e-mail"),
    "sms_reply": ("ответ на SMS", "відповідь на SMS", "reply by SMS"),
    "voice_key": ("клавиша в звонке", "клавіша у дзвінку", "key in a call"),
    "complaint": ("жалоба", "скарга", "complaint"),
    "wrong_person": ("другой человек", "інша людина", "another person"),
    "erasure": ("удаление данных", "видалення даних", "erasure"),
    "system": ("система", "система", "the product"),
}
#: Of manual tasks: where they stand, and how the person was told.
MANUAL_TASK_STATES: Final[Words] = {
    "open": ("надо уведомить", "треба сповістити", "to be told"),
    "done": ("уведомлён", "сповіщений", "told"),
    "not_needed": ("уже не нужно: дошло", "вже не потрібно: дійшло", "no longer needed: it arrived"),
    "given_up": ("уведомить не удалось", "сповістити не вдалося", "could not be told"),
}
HAND_WAYS: Final[Words] = {
    "signature": ("вручено под роспись", "вручено під підпис", "handed over against a signature"),
    "phone_message": ("телефонограмма", "телефонограма", "telephone message taken down"),
    "fax": ("факс", "факс", "fax"),
    "letter": ("письмо по почте", "лист поштою", "letter"),
    "call": ("звонок сотрудника", "дзвінок працівника", "call by staff"),
}
NOTICE_STATES: Final[Words] = {
    "open": ("ещё не решено", "ще не вирішено", "not decided yet"),
    "notified": ("уведомлены", "сповіщені", "notified"),
    "partly_notified": ("уведомлены частично", "сповіщені частково", "partly notified"),
    "failed": ("не удалось", "не вдалося", "failed"),
    "blocked": ("нельзя уведомлять", "не можна сповіщати", "not permitted"),
    "expired": ("срок закончился, не уведомлены", "строк скінчився, не сповіщені", "expired, not notified"),
    "stopped": ("остановлено, не уведомлены", "зупинено, не сповіщені", "stopped, not notified"),
    "unknown": ("неизвестно, дошло ли", "невідомо, чи дійшло", "unknown whether told"),
}
ATTEMPT_STATES: Final[Words] = {
    "planned": ("в очереди", "у черзі", "queued"),
    "sending": ("отправляется", "надсилається", "being sent"),
    "accepted": ("принято к доставке", "прийнято до доставки", "accepted"),
    "delivered": ("доставлено", "доставлено", "delivered"),
    "failed": ("отказ", "відмова", "refused"),
    "unknown": ("неизвестно, ушло ли", "невідомо, чи пішло", "unknown whether sent"),
    "blocked": ("нельзя отправлять", "не можна надсилати", "not permitted"),
    "expired": ("срок закончился", "строк скінчився", "expired"),
    "stopped": ("остановлено", "зупинено", "stopped"),
    "cancelled": ("уже не нужно", "вже не потрібно", "no longer needed"),
}
REASONS: Final[Words] = {
    "attachment_missing": (
        "нет файла вложения",
        "немає файлу вкладення",
        "the file to attach is not there",
    ),
    "attachment_bad_name": (
        "имя файла вложения нельзя использовать",
        "ім'я файлу вкладення не можна використати",
        "the name of the file to attach cannot be used",
    ),
    "attachment_too_large": (
        "файл вложения слишком велик",
        "файл вкладення завеликий",
        "the file to attach is too large",
    ),
    "attachment_unavailable": (
        "счёт по ссылке получить не удалось",
        "рахунок за посиланням отримати не вдалося",
        "the bill behind the link could not be had",
    ),
    "attachment_bad_type": (
        "по ссылке не PDF и не изображение",
        "за посиланням не PDF і не зображення",
        "the link leads to neither a PDF nor a picture",
    ),
    "attachment_url_refused": (
        "ссылка на счёт ведёт не на разрешённый сервер",
        "посилання на рахунок веде не на дозволений сервер",
        "the bill's link leads to no server that is allowed",
    ),
    "attachment_url_off": (
        "счета по ссылкам не включены в настройках",
        "рахунки за посиланнями не ввімкнено в налаштуваннях",
        "bills by link are not switched on in the settings",
    ),
    "bill_waiting": (
        "ждёт загрузки счёта по ссылке",
        "чекає на завантаження рахунку за посиланням",
        "waits for the bill behind the link",
    ),
    "bill_settled": (
        "счёт по ссылке загружен или отклонён",
        "рахунок за посиланням завантажено або відхилено",
        "the bill behind the link has come, or was given up",
    ),
    "attachment_not_pdf": ("файл вложения не PDF", "файл вкладення не PDF", "the file to attach is no PDF"),
    "accepted": (
        "принято к доставке, подтверждения нет",
        "прийнято до доставки, підтвердження немає",
        "taken for delivery, not confirmed",
    ),
    "delivered": ("доставка подтверждена", "доставку підтверджено", "delivery confirmed"),
    "confirmed": ("получатель подтвердил", "отримувач підтвердив", "confirmed by the person"),
    **{f"hand_{way}": words for way, words in HAND_WAYS.items()},
    "no_consent": ("нет согласия", "немає згоди", "no consent"),
    "consent_withdrawn": ("согласие отозвано", "згоду відкликано", "consent withdrawn"),
    "consent_expired": ("срок согласия истёк", "строк згоди минув", "the consent has run out"),
    "suppressed": ("адрес в стоп-листе", "адреса у стоп-листі", "the address is suppressed"),
    "no_address": ("нет адреса", "немає адреси", "no address"),
    "no_contract": ("нет договора", "немає договору", "no contract"),
    "bad_address": ("адрес написан с ошибкой", "адресу написано з помилкою", "malformed address"),
    "bad_header": ("тему письма нельзя отправить", "тему листа не можна надіслати", "unusable subject"),
    "bad_text": ("текст письма нельзя отправить", "текст листа не можна надіслати", "unusable text"),
    "too_big": ("письмо слишком большое", "лист завеликий", "the message is too big"),
    "sms_too_many_parts": (
        "СМС длиннее, чем разрешено",
        "СМС довша, ніж дозволено",
        "the SMS is longer than allowed",
    ),
    "switched_off": ("выключено в настройках", "вимкнено в налаштуваннях", "switched off in the settings"),
    "consent_given_again": ("согласие снова есть", "згода знову є", "the consent is there again"),
    "not_sent_in_time": (
        "не удалось отправить вовремя",
        "не вдалося надіслати вчасно",
        "could not be sent in time",
    ),
    "template_error": ("ошибка в шаблоне", "помилка в шаблоні", "error in the template"),
    "window_ended": ("срок закончился раньше", "строк скінчився раніше", "the window ended first"),
    "run_stopped": ("задание остановлено", "завдання зупинено", "the run was stopped"),
    "notice_closed": ("уже уведомлён иначе", "вже сповіщений інакше", "already told another way"),
    "outside_hours": ("ждёт часов отправки", "чекає на години надсилання", "waits for the sending hours"),
    "frequency_cap": (
        "предел частоты для человека",
        "межа частоти для людини",
        "frequency cap of the person",
    ),
    "address_cap": (
        "предел частоты для адреса",
        "межа частоти для адреси",
        "frequency cap of the address",
    ),
    "domain_limit": ("предел почтового домена", "межа поштового домену", "limit of the mail domain"),
    "domain_paused": (
        "рассылка на этот почтовый домен остановлена",
        "розсилку на цей поштовий домен зупинено",
        "nothing is sent to this mail domain for now",
    ),
    "sender_refused": (
        "почтовые домены не принимают наши письма",
        "поштові домени не приймають наші листи",
        "mail domains refuse us as a sender",
    ),
    "truth_stale": ("проверяется, нужно ли ещё", "перевіряється, чи ще потрібно", "checking if still needed"),
    "worker_vanished": ("отправщик пропал", "надсилач зник", "the worker vanished"),
    "worker_stopped": ("отправщик остановлен", "надсилача зупинено", "the worker was stopped"),
    "no_outcome": ("канал не ответил", "канал не відповів", "the channel gave no answer"),
    "claim_unconfirmed": ("связь с базой прервалась", "зв’язок з базою перервався", "lost the database"),
    "not_begun_in_time": ("не успели начать", "не встигли почати", "not begun in time"),
    "smtp_slow": ("почтовый сервер медлит", "поштовий сервер зволікає", "the mail server is slow to answer"),
    "smtp_other_server_away": (
        "подходящий почтовый сервер недоступен",
        "придатний поштовий сервер недоступний",
        "the mail server that could carry it is away",
    ),
    "smtputf8_not_offered": (
        "ни один почтовый сервер не принимает адрес с нелатинскими буквами",
        "жоден поштовий сервер не приймає адресу з нелатинськими літерами",
        "no mail server takes an address with such letters",
    ),
    "broken_off": ("отправка прервана", "надсилання перервано", "broken off"),
    "error_rate": RUN_REASONS["error_rate"],
    "smtp_not_configured": (
        "почтовый сервер не настроен",
        "поштовий сервер не налаштовано",
        "no mail server is configured",
    ),
    "smtp_unreachable": (
        "почтовый сервер недоступен",
        "поштовий сервер недоступний",
        "the mail server cannot be reached",
    ),
    "smtp_login_refused": (
        "почтовый сервер не принял пароль",
        "поштовий сервер не прийняв пароль",
        "the mail server refused our login",
    ),
    "smtp_tls_refused": (
        "не удалось защитить соединение с почтовым сервером",
        "не вдалося захистити з’єднання з поштовим сервером",
        "no secure connection to the mail server",
    ),
    "smtp_greeting_refused": (
        "почтовый сервер не стал с нами говорить",
        "поштовий сервер не став з нами говорити",
        "the mail server refused to talk to us",
    ),
    "smtp_busy": ("почтовый сервер занят", "поштовий сервер зайнятий", "the mail server is busy"),
    "smtp_timeout": ("почтовый сервер не ответил", "поштовий сервер не відповів", "no answer in time"),
    "smtp_no_reply": (
        "письмо передано, ответа нет",
        "лист передано, відповіді немає",
        "handed over, no reply",
    ),
    "smtp_connection_lost": ("связь оборвалась", "зв’язок обірвався", "the connection was lost"),
    "smtp_body_incomplete": (
        "связь оборвалась до конца письма",
        "зв’язок обірвався до кінця листа",
        "lost before the end of the message",
    ),
    "smtp_no_sense": ("непонятный ответ сервера", "незрозуміла відповідь сервера", "senseless reply"),
    "dsn": ("письмо вернулось", "лист повернувся", "returned"),
    "bounce": ("письмо вернулось", "лист повернувся", "returned"),
    "unreadable": ("отчёт не прочитан", "звіт не прочитано", "unreadable report"),
    "forged_address": ("отчёт не от нас", "звіт не від нас", "forged report"),
    "auto_reply": ("автоответ", "автовідповідь", "automatic reply"),
    "no_report": ("письмо без отчёта", "лист без звіту", "no report in it"),
    "notified_before": ("уже уведомлён раньше", "вже сповіщений раніше", "already told before"),
    "second_channel_missing": (
        "нужен ещё один способ, а второго канала нет",
        "потрібен ще один спосіб, а другого каналу немає",
        "one more way is required, and there is no second channel",
    ),
    "bounced": ("письмо вернулось", "лист повернувся", "returned"),
    "throttled": ("просят слать медленнее", "просять надсилати повільніше", "asked to slow down"),
    # what became of a call
    "answered": ("ответили на звонок", "відповіли на дзвінок", "the call was answered"),
    "heard": ("прослушали до конца", "прослухали до кінця", "heard to the end"),
    "busy": ("номер занят", "номер зайнятий", "the line was busy"),
    "no_answer": ("не ответили", "не відповіли", "nobody answered"),
    "no_response": (
        "с той стороны нет ответа",
        "з того боку немає відповіді",
        "no response from the other side",
    ),
    "declined": ("звонок отклонён", "дзвінок відхилено", "the call was declined"),
    "unwanted": ("оператор не пропускает звонки", "оператор не пропускає дзвінки", "rejected as unwanted"),
    "wrong_number": ("такого номера нет", "такого номера немає", "there is no such number"),
    "number_changed": ("номер сменился", "номер змінився", "the number has changed"),
    "number_incomplete": ("номер неполный", "номер неповний", "the number is incomplete"),
    "codec_problem": (
        "линия не приняла звук",
        "лінія не прийняла звук",
        "the trunk takes none of our codecs",
    ),
    "out_of_order": ("номер временно не работает", "номер тимчасово не працює", "the number is out of order"),
    "congestion": (
        "линии оператора перегружены",
        "лінії оператора перевантажені",
        "the operator's lines are congested",
    ),
    "machine": ("ответил автоответчик", "відповів автовідповідач", "an answering machine took the call"),
    "not_heard": ("положили трубку раньше", "поклали слухавку раніше", "hung up before it was told"),
    "not_identified": (
        "не подтвердили, кто это",
        "не підтвердили, хто це",
        "it was not confirmed who answered",
    ),
    "not_confirmed": (
        "прослушали, но не подтвердили",
        "прослухали, але не підтвердили",
        "heard, not confirmed by a key",
    ),
    "wrong_person": ("ответил другой человек", "відповіла інша людина", "somebody else answered"),
    "stop_calls": ("попросили больше не звонить", "попросили більше не дзвонити", "asked for no more calls"),
    "no_speech": ("текст не удалось озвучить", "текст не вдалося озвучити", "the text could not be spoken"),
    "no_script": (
        "у текста нет сценария звонка",
        "текст не має сценарію дзвінка",
        "the text has no call script",
    ),
    "no_sound": ("звук не дошёл", "звук не дійшов", "the sound did not arrive"),
    "request_refused": (
        "линия не принимает такие звонки",
        "лінія не приймає таких дзвінків",
        "the trunk refuses our calls",
    ),
    "login_refused": ("линия не приняла пароль", "лінія не прийняла пароль", "the trunk refuses our login"),
    "trunk_unreachable": ("линия недоступна", "лінія недоступна", "the trunk cannot be reached"),
    "no_trunk": (
        "нет рабочей линии для номера",
        "немає робочої лінії для номера",
        "no trunk takes this number now",
    ),
    "no_line": ("все линии заняты", "усі лінії зайняті", "all lines were taken"),
    "engine_gone": ("модуль звонков остановился", "модуль дзвінків зупинився", "the SIP stack has died"),
    "call_window_too_short": (
        "звонок не уложился бы в часы звонков",
        "дзвінок не вклався б у години дзвінків",
        "the call would outlast the hours",
    ),
    "speech_not_ready": ("звук ещё не готов", "звук ще не готовий", "the sound was not ready in time"),
    "stopped": ("остановлено до звонка", "зупинено до дзвінка", "stopped before it was dialled"),
}
#: Of enhanced codes of class 5, as subject.detail (RFC 3463).
ENHANCED: Final[Words] = {
    "1.1": ("адрес не существует", "адреса не існує", "no such address"),
    "1.2": ("домен не существует", "домен не існує", "no such domain"),
    "1.3": ("адрес написан с ошибкой", "адресу написано з помилкою", "malformed address"),
    "1.6": ("ящик переехал", "скриньку перенесено", "the mailbox has moved"),
    "1.10": ("домен не принимает почту", "домен не приймає пошту", "the domain takes no mail"),
    "2.0": ("ящик не принимает письма", "скринька не приймає листи", "the mailbox takes nothing"),
    "2.1": ("ящик отключён", "скриньку вимкнено", "the mailbox is disabled"),
    "2.2": ("ящик переполнен", "скринька переповнена", "the mailbox is full"),
    "2.3": ("письмо слишком большое для ящика", "лист завеликий для скриньки", "too big for the mailbox"),
    "3.4": ("письмо слишком большое для сервера", "лист завеликий для сервера", "too big for the server"),
    "4.1": ("сервер получателя не отвечает", "сервер отримувача не відповідає", "their server is silent"),
    "4.4": ("путь к получателю не найден", "шлях до отримувача не знайдено", "no route to their server"),
    "4.7": ("сервер не смог доставить в срок", "сервер не зміг доставити вчасно", "not delivered in time"),
    "7.1": ("сервер отказал по своим правилам", "сервер відмовив за своїми правилами", "refused by policy"),
}
_BY_CLASS: Final[Words] = {
    "2": ("доставлено", "доставлено", "delivered"),
    "4": ("сервер просит подождать", "сервер просить зачекати", "the server asks to wait"),
    "5": ("почтовый сервер отказал", "поштовий сервер відмовив", "refused by the mail server"),
}
CHANNELS: Final[Words] = {
    "email": ("Электронная почта", "Електронна пошта", "E-mail"),
    "sms": ("СМС", "СМС", "SMS"),
    "voice": ("Автодозвон", "Автодозвін", "Voice call"),
}
PURPOSES: Final[Words] = {
    "debt": ("напоминания о задолженности", "нагадування про заборгованість", "reminders of debt"),
    "payment_due": (
        "напоминания о сроке оплаты",
        "нагадування про строк оплати",
        "reminders of due dates",
    ),
    "tariff": ("сообщения о тарифах", "повідомлення про тарифи", "news of tariffs"),
    "outage": ("сообщения об отключениях", "повідомлення про відключення", "notices of outages"),
    # `meter` and `restriction` stood for two of them in lists of before; the ledger forgets nothing.
    "meter": ("напоминания о показаниях", "нагадування про показання", "reminders of meter readings"),
    "restriction": ("сообщения об ограничении", "повідомлення про обмеження", "notices of restriction"),
    "restriction_warning": (
        "предупреждения об ограничении",
        "попередження про обмеження",
        "warnings of a restriction",
    ),
    "meter_reading": (
        "сообщения о показаниях и проверке счётчиков",
        "повідомлення про показання й перевірку лічильників",
        "notices about meters and their readings",
    ),
    "contract": ("сообщения о договоре", "повідомлення про договір", "notices about the contract"),
    "application_status": (
        "сообщения о ходе заявлений и обращений",
        "повідомлення про хід заяв і звернень",
        "news of your applications and requests",
    ),
    "bill": ("счета и сверки", "рахунки та звірки", "bills and reconciliations"),
    "advertising": ("реклама", "реклама", "advertising"),
    "survey": ("опросы", "опитування", "surveys"),
    "*": ("все сообщения", "усі повідомлення", "all messages"),
}


def word_for(words: Words, code: str, language: Language) -> str:
    """The word for a code, or the code itself."""
    found = words.get(code)
    return code if found is None else found[LANGUAGES.index(language)]


def bill_fault_word(code: str, language: Language) -> str:
    """Why a bill has not come; other answers of the server by their number."""
    if code in BILL_FAULTS:
        return word_for(BILL_FAULTS, code, language)
    match = _HTTP_CODE.fullmatch(code)
    answered = ("сервер ответил", "сервер відповів", "the server answered")
    return code if match is None else f"{answered[LANGUAGES.index(language)]} {match[1]}"


def reason_word(code: str, language: Language) -> str:
    """What a reason means; the raw code when it is not known."""
    if code in REASONS:
        return word_for(REASONS, code, language)
    of_sms = sms_words(code)
    if of_sms is not None:
        return of_sms[LANGUAGES.index(language)]
    match = _SERVER_CODE.fullmatch(code)
    if match is not None:
        if match[1] == "5" and match[2] in ENHANCED:
            return word_for(ENHANCED, match[2], language)
        return word_for(_BY_CLASS, match[1], language)
    match = _PLAIN_CODE.fullmatch(code)
    return code if match is None else word_for(_BY_CLASS, match[1], language)


#: Why an address is on the stop list.
BAN_REASONS: Final[Words] = {
    "hard_bounce": ("нет такого ящика", "немає такої скриньки", "no such mailbox"),
    "mailbox_disabled": ("ящик отключён", "скриньку вимкнено", "the mailbox is disabled"),
    "mailbox_full": ("ящик переполнен", "скринька переповнена", "the mailbox is full"),
    "complaint": ("жалоба на спам", "скарга на спам", "called our message spam"),
    "wrong_number": ("нет такого номера", "немає такого номера", "no such number"),
    "wrong_person": ("адрес другого человека", "адреса іншої людини", "the address of somebody else"),
    "operator_refusal": ("отказ оператора", "відмова оператора", "refused by the operator"),
    "staff": ("решение сотрудника", "рішення працівника", "decided by staff"),
    "imported": ("из загруженного списка", "із завантаженого списку", "from an imported list"),
}
#: Why a recipient domain waits.
PAUSE_REASONS: Final[Words] = {
    "sender_fault": (
        "Домен не принимает письма от нас: проверьте подпись, SPF, репутацию. Никто не заблокирован.",
        "Домен не приймає листи від нас: перевірте підпис, SPF, репутацію. Нікого не заблоковано.",
        "The domain refuses us as a sender: check signature, SPF and reputation. Nobody is banned.",
    ),
    "hard_bounce_rise": (
        "Домен вдруг отвечает «нет такого ящика» многим: похоже на сбой провайдера. Решите.",
        "Домен раптом відповідає «немає такої скриньки» багатьом: схоже на збій провайдера. Вирішіть.",
        "The domain suddenly says of many that there is no such mailbox: is the provider wrong? Decide.",
    ),
    "staff": ("Остановлено сотрудником.", "Зупинено працівником.", "Paused by staff."),
}
#: Why a ban ended by itself; what staff wrote is shown as it is.
LIFT_REASONS: Final[Words] = {
    "expired": ("срок истёк", "строк минув", "it has expired"),
    "held_for_review": ("ждёт проверки домена", "чекає на перевірку домену", "the domain is under review"),
    "repeated": ("повтор", "повтор", "a repetition"),
}
#: What was done by itself about an answer; what staff wrote is shown as it is.
LETTER_HANDLINGS: Final[Words] = {
    sms_replies.HANDLINGS[Wish.STOP]: (
        sms_replies.HANDLINGS[Wish.STOP],
        "Відмова від СМС цього виду: згоду відкликано",
        "Refuses SMS of this kind: consent withdrawn",
    ),
    sms_replies.HANDLINGS[Wish.STOP_ALL]: (
        sms_replies.HANDLINGS[Wish.STOP_ALL],
        "Відмова від усіх повідомлень: згоду відкликано",
        "Refuses all messages: consent withdrawn",
    ),
}
#: What became of the message that answers a refusal: its state, or the report of it.
REFUSAL_ANSWERS: Final[Words] = {
    "waiting": ("ответ отправляется", "відповідь надсилається", "an answer is being sent"),
    "sending": ("ответ отправляется", "відповідь надсилається", "an answer is being sent"),
    "sent": ("ответ отправлен", "відповідь надіслано", "answered"),
    "delivered": ("ответ доставлен", "відповідь доставлено", "the answer was delivered"),
    "delayed": ("ответ отправлен", "відповідь надіслано", "answered"),
    "unknown": (
        "неизвестно, ушёл ли ответ",
        "невідомо, чи пішла відповідь",
        "unknown whether it was answered",
    ),
    "failed": ("ответ не отправлен", "відповідь не надіслано", "not answered"),
}
#: How surely it is known whose letter it is.
LETTER_CERTAINTIES: Final[Words] = {
    "proven": (
        "ответ на письмо этому абоненту",
        "відповідь на лист цьому абоненту",
        "answers a message to this person",
    ),
    "said": (
        "пишет с адреса абонента, ссылается на письмо ему",
        "пише з адреси абонента, посилається на лист йому",
        "comes from the person's address and names a message to it",
    ),
    "none": ("чей ответ, неизвестно", "чия відповідь, невідомо", "whose answer is not known"),
}
