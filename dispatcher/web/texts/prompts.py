"""Texts of recordings for calls: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

PROMPTS: Final[Words] = {
    "prompts": ("Записи для звонков", "Записи для дзвінків", "Recordings for calls"),
    "prompts_lead": (
        "Звонок проигрывает запись вместо фразы, если в её разделе стоит строка с записью.",
        "Дзвінок програє запис замість фрази, якщо в її розділі стоїть рядок із записом.",
        "A call plays a recording in place of a phrase whose section has the line of the recording.",
    ),
    "add_prompt": ("Загрузить запись", "Завантажити запис", "Upload a recording"),
    "prompt_limits": (
        "Файл WAV, от {least} до {most} секунд, не больше {megabytes} МБ. Громкость выравнивается сама.",
        "Файл WAV, від {least} до {most} секунд, не більше {megabytes} МБ. Гучність вирівнюється сама.",
        "A WAV file of {least} to {most} seconds, {megabytes} MB at most. Its loudness is evened out.",
    ),
    "prompt_name": ("Название", "Назва", "Name"),
    "prompt_length": ("Длится {seconds} с", "Триває {seconds} с", "Lasts {seconds} s"),
    "prompt_in_text": (
        "Строка для текста звонка",
        "Рядок для тексту дзвінка",
        "The line for a call's text",
    ),
    "prompt_setting": ("запись", "запис", "recording"),
    "prompt_retire": ("Больше не предлагать", "Більше не пропонувати", "Retire"),
    "prompt_is_retired": ("не предлагается", "не пропонується", "retired"),
    "no_prompts": ("Записей ещё нет.", "Записів ще немає.", "There are no recordings yet."),
    "answer_prompt_added": ("Запись загружена.", "Запис завантажено.", "The recording is uploaded."),
    "answer_prompt_again": (
        "Эта запись уже была загружена.",
        "Цей запис уже було завантажено.",
        "This recording had been uploaded already.",
    ),
    "answer_prompt_retired": (
        "Запись больше не предлагается. Тексты, в которых она есть, её проигрывают.",
        "Запис більше не пропонується. Тексти, у яких він є, його програють.",
        "The recording is retired. Texts that name it go on playing it.",
    ),
    "fault_not_wav": (
        "Это не файл WAV: сохраните запись как WAV (PCM).",
        "Це не файл WAV: збережіть запис як WAV (PCM).",
        "This is no WAV file: save the recording as WAV (PCM).",
    ),
    "fault_wav_broken": (
        "Файл WAV повреждён: в нём нет звука.",
        "Файл WAV пошкоджений: у ньому немає звуку.",
        "The WAV file is broken: there is no sound in it.",
    ),
    "fault_wav_rate": (
        "Частота {rate} Гц не подходит: сохраните запись с частотой 8000, 16000 или 48000 Гц.",
        "Частота {rate} Гц не підходить: збережіть запис із частотою 8000, 16000 або 48000 Гц.",
        "The rate of {rate} Hz does not fit: save the recording at 8000, 16000 or 48000 Hz.",
    ),
    "fault_wav_channels": (
        "Каналов {channels}: нужен один (моно) или два.",
        "Каналів {channels}: потрібен один (моно) або два.",
        "There are {channels} channels: one (mono) or two are needed.",
    ),
    "fault_wav_format": (
        "Такой WAV ({bits} бит) не читается: сохраните запись как WAV, PCM 16 бит.",
        "Такий WAV ({bits} біт) не читається: збережіть запис як WAV, PCM 16 біт.",
        "Such a WAV file ({bits} bits) cannot be read: save the recording as WAV, PCM, 16 bits.",
    ),
    "fault_prompt_too_large": (
        "Файл больше {most} МБ: сохраните запись как WAV, моно, 16 бит.",
        "Файл більший за {most} МБ: збережіть запис як WAV, моно, 16 біт.",
        "The file is larger than {most} MB: save the recording as WAV, mono, 16 bits.",
    ),
    "fault_prompt_length": (
        "Запись длится {seconds} с: нужно от {least} до {most} с.",
        "Запис триває {seconds} с: потрібно від {least} до {most} с.",
        "The recording lasts {seconds} s: {least} to {most} s are needed.",
    ),
    "fault_prompt_silent": (
        "В записи тишина: проверьте микрофон и запишите громче.",
        "У записі тиша: перевірте мікрофон і запишіть гучніше.",
        "The recording is silent: check the microphone and record louder.",
    ),
    "fault_prompt_clipped": (
        "Запись перегружена ({percent} % отсчётов): запишите тише.",
        "Запис перевантажений ({percent} % відліків): запишіть тихіше.",
        "The recording is clipped ({percent} % of its samples): record quieter.",
    ),
    "fault_prompt_name": (
        "Назовите запись: от 1 до {most} знаков.",
        "Назвіть запис: від 1 до {most} знаків.",
        "Name the recording: 1 to {most} characters.",
    ),
    "fault_prompt_name_taken": (
        "Название «{name}» занято другой записью: назовите иначе.",
        "Назва «{name}» зайнята іншим записом: назвіть інакше.",
        "The name “{name}” belongs to another recording: choose another one.",
    ),
    "fault_prompt_known": (
        "Эта запись уже загружена под названием «{name}».",
        "Цей запис уже завантажено під назвою «{name}».",
        "This recording is uploaded already, as “{name}”.",
    ),
    "fault_unknown_prompt": ("Такой записи нет.", "Такого запису немає.", "There is no such recording."),
}
