"""What can be wrong with a call script, in the three languages of staff, with the line."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from templates.call_words import ACTIONS, COUNTS, ON_MACHINE, SECTIONS, Words, all_words
from templates.errors import NoticeRuleError, TemplateError


def _listing(table: Mapping[str, Words], words: Words) -> Words:
    russian, ukrainian, english = (
        f"{words[place]}: {listed}" for place, listed in enumerate(all_words(table))
    )
    return (russian, ukrainian, english)


#: Code → what is wrong and what to do. `{…}` are facts of the text itself, never of a recipient.
CALL_FAULTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "section_unknown": _listing(
            SECTIONS,
            (
                "нет раздела «{word}»; разделы",
                "немає розділу «{word}»; розділи",
                "there is no section “{word}”; sections",
            ),
        ),
        "setting_unknown": (
            "здесь нет настройки «{word}»; знак «=» в тексте писать нельзя",
            "тут немає налаштування «{word}»; знак «=» у тексті писати не можна",
            "there is no setting “{word}” here; a text cannot hold “=”",
        ),
        "action_unknown": _listing(
            ACTIONS,
            (
                "клавиша не может значить «{word}»; может",
                "клавіша не може означати «{word}»; може",
                "a key cannot mean “{word}”; it may mean",
            ),
        ),
        "counts_unknown": _listing(COUNTS, ("засчитать можно", "зарахувати можна", "what counts may be")),
        "on_machine_unknown": _listing(
            ON_MACHINE, ("автоответчику можно", "автовідповідачу можна", "machines may get")
        ),
        "setting_twice": ("«{word}» стоит дважды", "«{word}» стоїть двічі", "“{word}” stands twice"),
        "number_bad": (
            "«{word}» — число от {least} до {most}",
            "«{word}» — число від {least} до {most}",
            "“{word}” is a number from {least} to {most}",
        ),
        "operator_bad": (
            "оператор — номер телефона цифрами или {{{{ company_phone }}}} либо {{{{ contact_phone }}}}",
            "оператор — номер телефону цифрами або {{{{ company_phone }}}} чи {{{{ contact_phone }}}}",
            "the operator is a number in digits, or {{{{ company_phone }}}} or {{{{ contact_phone }}}}",
        ),
        "recording_bad": (
            "запись — 64 знака её отпечатка, в разделе из одной строки без полей",
            "запис — 64 знаки його відбитка, у розділі з одного рядка без полів",
            "a recording is the 64 signs of its digest, in a section of one line without fields",
        ),
        "name_bad": (
            "после двоеточия нужно имя: латинские строчные буквы, цифры и «_», до 30 знаков",
            "після двокрапки потрібне ім'я: латинські малі літери, цифри та «_», до 30 знаків",
            "a name follows the colon: small Latin letters, digits and “_”, at most 30",
        ),
        "name_not_here": (
            "в названии этого раздела двоеточия не бывает",
            "у назві цього розділу двокрапки не буває",
            "the title of this section has no colon",
        ),
        "text_outside": (
            "текст стоит до первого раздела: начните с [приветствие]",
            "текст стоїть перед першим розділом: почніть із [вітання]",
            "this text stands before the first section: begin with [opening]",
        ),
        "text_empty": ("в разделе нет текста", "у розділі немає тексту", "the section has no text"),
        "too_many_sections": (
            "разделов больше {most}",
            "розділів більше {most}",
            "there are more than {most} sections",
        ),
        "opening_first": (
            "первый раздел — [приветствие], и оно одно",
            "перший розділ — [вітання], і воно одне",
            "the first section is [opening], and there is one",
        ),
        "facts_missing": (
            "нет раздела [сведения]: о чём звонок?",
            "немає розділу [відомості]: про що дзвінок?",
            "there is no section [facts]: what is the call about?",
        ),
        "section_twice": (
            "раздел «{word}» может быть только один",
            "розділ «{word}» може бути лише один",
            "there can be only one section “{word}”",
        ),
        "identity_late": (
            "[кто у телефона] спрашивают до всех сведений и вопросов",
            "[хто біля телефону] питають до всіх відомостей і питань",
            "[who is speaking] is asked before all facts and questions",
        ),
        "keys_missing": (
            "в вопросе нет клавиш: напишите, например, «1 = подтвердить»",
            "у питанні немає клавіш: напишіть, наприклад, «1 = підтвердити»",
            "the question has no keys: write for example “1 = confirm”",
        ),
        "keys_not_here": (
            "клавиши пишут только в вопросах",
            "клавіші пишуть лише в питаннях",
            "keys belong to questions only",
        ),
        "continue_missing": (
            "в [кто у телефона] нужна клавиша «это я»",
            "у [хто біля телефону] потрібна клавіша «це я»",
            "[who is speaking] needs a key for “it is me”",
        ),
        "action_not_here": (
            "«{word}» здесь не бывает",
            "«{word}» тут не буває",
            "“{word}” does not belong here",
        ),
        "key_means_two": (
            "клавиша {key} в разных вопросах значит разное, а нажать её можно в любой момент",
            "клавіша {key} у різних питаннях означає різне, а натиснути її можна будь-коли",
            "the key {key} means different things in two questions, and it can be pressed at any time",
        ),
        "confirm_missing": (
            "засчитывается подтверждение, а после сведений нет вопроса с клавишей «подтвердить»",
            "зараховується підтвердження, а після відомостей немає питання з клавішею «підтвердити»",
            "a confirmation counts, but no question behind the facts has a key for “confirm”",
        ),
        "machine_missing": (
            "автоответчику — нейтральный текст, а раздела [автоответчик] нет",
            "автовідповідачу — нейтральний текст, а розділу [автовідповідач] немає",
            "machines get a neutral text, but there is no section [machine]",
        ),
        "machine_unused": (
            "раздел [автоответчик] не прозвучит: напишите в начале «автоответчику = нейтральный текст»",
            "розділ [автовідповідач] не прозвучить: напишіть на початку"
            " «автовідповідачу = нейтральний текст»",
            "the section [machine] is never said: write “to machines = neutral text” at the top",
        ),
        "reply_unused": (
            "ни одна клавиша не значит «{word}»: этот ответ не прозвучит",
            "жодна клавіша не означає «{word}»: ця відповідь не прозвучить",
            "no key means “{word}”: this reply is never said",
        ),
        "operator_missing": (
            "для клавиши «оператор» нужен раздел [ответ: оператор] с номером: перевести звонок удаётся"
            " не всегда",
            "для клавіші «оператор» потрібен розділ [відповідь: оператор] з номером: перевести дзвінок"
            " вдається не завжди",
            "a key for the operator needs [reply: operator] with the number: a call cannot always be"
            " handed over",
        ),
        "digits_incomplete": (
            "за [цифры: …] сразу идут [прочитать цифры] и [проверить цифры]",
            "за [цифри: …] одразу йдуть [прочитати цифри] і [перевірити цифри]",
            "[digits: …] is followed at once by [read back] and [check]",
        ),
        "too_long_to_say": (
            "звонок длиннее {most} знаков: его не дослушают",
            "дзвінок довший за {most} знаків: його не дослухають",
            "the call is longer than {most} signs: nobody hears that to the end",
        ),
        "said_nothing": (
            "раздел у этого получателя пуст",
            "розділ у цього отримувача порожній",
            "the section is empty for this recipient",
        ),
        "html_not_here": (
            "у звонка нет HTML и вложений",
            "у дзвінка немає HTML і вкладень",
            "a call has no HTML and no files",
        ),
    }
)
#: What a call must not say, or must.
CALL_RULES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "identity_first": (
            "«{field}» услышит неизвестно кто: сведения о человеке говорят только после [кто у телефона]",
            "«{field}» почує невідомо хто: відомості про людину кажуть лише після [хто біля телефону]",
            "“{field}” would be heard by nobody knows whom: what concerns a person is said only behind"
            " [who is speaking]",
        ),
        "voice_opening": (
            "в приветствии называют организацию ({{{{ company_name }}}}) и говорят, что это автоматическое"
            " сообщение",
            "у вітанні називають організацію ({{{{ company_name }}}}) і кажуть, що це автоматичне"
            " повідомлення",
            "the opening names the organisation ({{{{ company_name }}}}) and says that this is an automatic"
            " message",
        ),
        "refusal_key": (
            "ни в одном вопросе нет клавиши «больше не звонить»: отказаться можно всегда (126-ФЗ, ст. 44.1)",
            "у жодному питанні немає клавіші «більше не дзвонити»: відмовитися можна завжди",
            "no question has a key for “stop calls”: people may refuse at any time",
        ),
        "voice_link": (
            "ссылку по телефону не продиктуешь: назовите телефон или место",
            "посилання телефоном не продиктуєш: назвіть телефон або місце",
            "a link cannot be said by telephone: name a number or a place",
        ),
    }
)


class CallFormError(TemplateError):
    """Raised when a text is no readable call script; `code` is a key of `CALL_FAULTS`."""

    def __init__(self, code: str, line: int | None = None, **facts: object) -> None:
        words = _filled(CALL_FAULTS[code], facts)
        super().__init__(words[0], part="text", line=line, words=words)
        self.code = code


class CallRuleError(NoticeRuleError):
    """Raised when a call says what it must not, or to whom it must not; `rule` is a key of `CALL_RULES`."""

    def __init__(self, rule: str, line: int | None = None, **facts: object) -> None:
        words = _filled(CALL_RULES[rule], facts)
        super().__init__(words[0], rule=rule, part="text", line=line, words=words)


def _filled(words: Words, facts: Mapping[str, object]) -> Words:
    russian, ukrainian, english = (
        one.format(**{name: _in(value, place) for name, value in facts.items()})
        for place, one in enumerate(words)
    )
    return (russian, ukrainian, english)


def _in(value: object, place: int) -> object:
    return value[place] if isinstance(value, tuple) else value
