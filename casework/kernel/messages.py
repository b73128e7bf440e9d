"""Sentences of the domain: a code with parameters, and what each code says in English.

A part that shows a sentence to people translates it by its code and parameters; nobody compares
English texts. The console's catalogues have every entry of `ENGLISH` in every language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from detector.containers.base import FORMAT_LABELS


class Labelled(str):
    """A code that has names of its own in each language: a member of a code list."""

    __slots__ = ("label",)

    label: Mapping[str, str]

    def __new__(cls, code: str, label: Mapping[str, str]) -> Self:
        """Make it of the code and its names by language."""
        made = super().__new__(cls, code)
        made.label = label
        return made


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence, in no language yet; as text, it is in English."""

    code: str
    """A key of `ENGLISH`."""
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What fills the gaps: texts, numbers, days, members of vocabularies, messages, tuples."""
    text: str | None = None
    """The English sentence, where another part words it more precisely than `ENGLISH` does."""

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.text if self.text is not None else filled(ENGLISH[self.code], self.params, str)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept with a record, for `from_json`."""
        return {"code": self.code, "params": {k: _plain(v) for k, v in self.params.items()}}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return the message that `as_json` was called on, without its text."""
        return cls(kept["code"], {name: cls._read(value) for name, value in kept["params"].items()})

    @classmethod
    def _read(cls, value: Any) -> Any:  # noqa: ANN401 - as JSON has it
        if isinstance(value, list):
            return tuple(map(cls._read, value))
        return cls.from_json(value) if isinstance(value, dict) else value


def _plain(value: Any) -> Any:  # noqa: ANN401 - as JSON has it
    if isinstance(value, Message):
        return value.as_json()
    return value if isinstance(value, str | int | float) else [_plain(each) for each in value]


ENGLISH: Final[Mapping[str, str]] = {
    # Accounts: sign-in, sessions, passwords, second factors
    "credentials_wrong": "Login, password or code is wrong, or the account is not active.",
    "second_factor_wrong": (
        "The code is wrong, or was used before. Wait for the next one of your authenticator app, "
        "or use a recovery code."
    ),
    "sign_in_too_late": "It took too long: sign in again from the beginning.",
    "second_factor_needed": (
        "Send the code that your authenticator app shows, or one of your recovery codes."
    ),
    "sign_in_locked_minute": (
        "Too many failed sign-ins: try again in {minutes} minute. An administrator can unlock "
        "the account sooner."
    ),
    "sign_in_locked_minutes": (
        "Too many failed sign-ins: try again in {minutes} minutes. An administrator can unlock "
        "the account sooner."
    ),
    "first_password_expired": (
        "Your first password was valid until {until}: ask your administrator for a new one."
    ),
    "own_session_not_found": "There is no session {session} of yours that goes on.",
    "recovery_codes_without_factor": (
        "Set up a second factor first: recovery codes stand in for it."
    ),
    "session_unknown": "This session is not known or has ended: sign in again.",
    "session_none": "Only an officer has a session.",
    "credentials_missing": "Send a key or a session: `Authorization: Bearer siaga....`.",
    "account_none": "Only an officer has an account.",
    "account_password_due": (
        "Choose a new password first: the present one was given to you by somebody else."
    ),
    "account_factor_due": "Set up a second factor first: this installation requires one.",
    "password_wrong": "The present password is wrong.",
    "password_changed_meanwhile": "Your password was changed meanwhile: sign in with the new one.",
    "password_unchanged": "Choose a password other than the present one.",
    "password_too_short": "Choose a password of at least {least} characters.",
    "password_too_long": "Choose a password of at most {most} characters.",
    "password_repetitive": "Choose a password that does not repeat so few characters.",
    "password_numeric": "Choose a password that is not a number alone.",
    "password_personal": (
        "Choose a password that contains neither your name or login nor your agency, the city or "
        "Siaga."
    ),
    "password_common": (
        "This password is among the first that are guessed: choose several words that do not "
        "belong together."
    ),
    "factor_in_use": "A second factor is in use: ask your administrator to reset it first.",
    "factor_not_offered": "Ask for a new shared secret first.",
    "factor_code_wrong": (
        "The code is wrong: check the clock of your telephone, and try the next code."
    ),
    # Accounts: an identity provider
    "sign_on_begun_elsewhere": (
        "This sign-in was not begun in this browser, was answered before or took too long: sign"
        " in again from the beginning."
    ),
    "sign_on_provider_refused": "The identity provider has not signed you in: try again there.",
    "sign_on_code_refused": (
        "The identity provider takes back its answer: sign in again from the beginning."
    ),
    "sign_on_token_unsound": (
        "The identity provider's answer is not valid: sign in again, and tell your operator if "
        "this continues."
    ),
    "sign_on_unknown": (
        "The identity provider knows you, but no account here is tied to yours: ask your "
        "administrator."
    ),
    "sign_on_inactive": "Your account or your agency is not active: ask your administrator.",
    "sign_on_passwords_off": "Passwords are not used here: sign in through the identity provider.",
    "provider_unavailable": (
        "The identity provider does not answer as it should: try again in a moment, and tell "
        "your operator if this continues."
    ),
    "provider_none": "This installation has no identity provider: sign in with a password.",
    # Accounts: agencies, officers, keys
    "agency_not_found": "There is no agency {agency}.",
    "agency_code_unknown": "There is no agency {code}: see `siaga agencies list`.",
    "public_off": (
        "There is no form for the public: name public_agency, public_legal_basis, public_purpose "
        "and keep_reporters_days in the settings."
    ),
    "installation_empty": "There is no installation here yet: make one with `siaga init`.",
    "installation_begun": (
        "This installation is set up already: see `siaga agencies list` and `siaga officers list`."
    ),
    "agency_ambiguous": "There are several agencies: name one by its code, with --agency.",
    "referral_preset_not_found": "There is no preset {preset}.",
    "referralpreset_changed": "The preset has changed since you read it: read it again.",
    "referral_preset_taken": "There is a preset called {name} already: choose another name.",
    "referral_preset_fields": "This cannot be handed over: {fields}.",
    "agency_code_taken": "An agency with the code {code} already exists.",
    "agency_code_practice": (
        "Codes that begin with {mark} mark what belongs to practice installations: choose another."
    ),
    "agency_changed": "The agency has changed since you read it: read it again.",
    "agency_own": "You cannot switch off your own agency.",
    "key_screens_everybody": (
        "A key with the scope 'screen' searches every agency's watchlists: only an "
        "administrator of the agency that runs the installation can make one."
    ),
    "key_lacks_agency": (
        "A key with other scopes than 'screen' works for one agency: name the agency."
    ),
    "key_unknown": "This API key is not known or no longer in force.",
    "key_expired": (
        "This API key expired on {day}: ask your administrator to rotate it, and use the new one."
    ),
    "key_days": "A key lasts {most} days at most: name 1 to {most}.",
    "key_revoked": "The key is revoked: make a new one.",
    "port_code_malformed": (
        "{port} is not a port: use an IATA airport code or a UN/LOCODE, such as CGK or IDBTM."
    ),
    "key_not_found": "There is no key {key}.",
    "role_of_systems": "The role 'port' is for systems: make a key with the scope 'screen'.",
    "role_beyond_agency": (
        "The role 'coordinator' reads totals of every agency: only an administrator of the "
        "agency that runs the installation can give it."
    ),
    "officer_not_found": "There is no officer {officer}.",
    "officer_login_unknown": "There is no officer {login}: see `siaga officers list`.",
    "officer_login_taken": "An officer with the login {login} already exists.",
    "officer_changed": "The officer has changed since you read it: read it again.",
    "officer_self": (
        "Nobody changes their own roles or switches themselves off: ask another administrator."
    ),
    "officer_without_password": "This officer signs in at the identity provider.",
    "scope_missing": ("This key may not do this ({act}): it requires one of the scopes {scopes}."),
    "act_of_people": "No key may do this ({act}): it is for an officer who signs in.",
    "permission_missing": ("You may not do this ({act}): it requires one of the roles {roles}."),
    "port_not_permitted": "This key may not submit encounters of port {port}.",
    # Acts that take a second person, and the founding period
    "approval_not_found": "There is no request {approval}.",
    "approval_by_officers": "Only an officer may do this, and not a key: sign in.",
    "approval_nobody": (
        "This takes a second person, and nobody else in {agency} can accept it: another "
        "administrator who has signed in, or a supervisor. The owner of the machine can make an "
        "administrator's account (`siaga officers create`)."
    ),
    "approval_reason_missing": (
        "This waits for a second person: give a reason, which that person and the auditors read."
    ),
    "approval_open_already": (
        "The same is asked for already (request {approval}): wait for it to be decided, or "
        "withdraw it."
    ),
    "approvals_full": "Too many requests are open in this agency: decide some of them first.",
    "approval_not_possible": (
        "Not possible now ({step}): the state of the request is {state}. Read it again."
    ),
    "approval_not_second_person": (
        "Another person has to accept this: an administrator of the agency who did not ask for "
        "it and is not its subject, or, where there is none, a supervisor."
    ),
    "approval_withdraw_instead": "You asked for this yourself: withdraw it instead.",
    "approval_unknown": "An act that this version does not know.",
    "approval_not_accepted": "Nobody accepted it in time.",
    "approval_clash": "It does not fit what was recorded meanwhile.",
    "approval_asker_gone": "The account that asked for it is not active any more.",
    "approval_outdated": "What it is about was changed meanwhile: ask again.",
    "approval_officer_create": "Make an account for {name} ({login}): {roles}.",
    "approval_officer_edit": "Give the account of {officer} these roles, in force: {roles}.",
    "approval_officer_reset": "Give the account of {officer} a new first password.",
    "approval_officer_reset_factor": (
        "Give the account of {officer} a new first password, and take its second factor away."
    ),
    "approval_watchlist_create": "Make the watchlist {name}, with a threshold set by hand.",
    "approval_watchlist_weaken": "Change the watchlist {name}: {weaker:; }.",
    "approval_breaker_reset": (
        "Reset the breaker of the watchlist {name}: its threshold set by hand, {threshold}, counts "
        "again."
    ),
    "policy_acknowledge_within_s": "its alerts may wait longer",
    "policy_active": "it raises no alerts any more",
    "policy_fewer": "fewer faces are alike enough for an alert",
    "policy_ports": "it looks at fewer ports",
    "policy_stages": "it looks at fewer stages",
    "policy_direction": "it looks at travellers of one direction less",
    "policy_requires_acknowledgement": "its alerts need not be acknowledged first",
    "policy_requires_second_officer": "one officer alone decides",
    "policy_requires_person_on_failed_pad": (
        "travellers whose presentation attack detection failed need not be seen by an officer"
    ),
    "policy_target_fpir": "more false alarms than before are accepted",
    "policy_threshold": "the threshold is set by hand",
    "policy_shared_with": "more agencies see and decide its alerts",
    "founding_over": "The founding period of this agency is over.",
    # Watchlists, subjects and their photos
    "watchlist_not_found": "There is no watchlist {watchlist}.",
    "watchlist_name_unknown": ("{agency} has no watchlist {name}: see `siaga watchlists list`."),
    "watchlist_not_of_owner": "There is no watchlist {watchlist} of the agency that owns this.",
    "watchlist_lacks_agency": "There is no agency {agency}: say which one the list belongs to.",
    "watchlist_exists": "A watchlist called '{name}' already exists.",
    "watchlist_name_taken": "Another watchlist already has that name.",
    "watchlist_changed": "The watchlist has changed since you read it: read it again.",
    "category_unknown": (
        "There is no category {category}: take one of the code list, or add it there first."
    ),
    "category_off": "The category {category} is switched off: choose another.",
    "outcome_unknown": (
        "There is no outcome {outcome}: take one of the code list, or add it there first."
    ),
    "outcome_off": "The outcome {outcome} is switched off: choose another.",
    "area_unknown": "There is no area {area}: take its file in first, or choose another area.",
    "area_not_found": "There is no area {area}.",
    "arearow_changed": "The area has changed since you read it: read it again.",
    "area_file_refused": (
        "Lines that are wrong: {faults}, so nothing was taken. Line {number}: {first}"
    ),
    "area_file_unreadable": "The file is no text in UTF-8.",
    "area_file_broken": "The line cannot be read as CSV, or a cell is too long.",
    "area_file_columns": "The first line names the columns: `code` and `name`, perhaps `level`.",
    "area_file_code": (
        "{code} is no code of an area: write `31`, `31.71` or `31.71.01`, as text and not as a "
        "number."
    ),
    "area_file_name": "The area {code} has no name, or one of more than {most} letters.",
    "area_file_twice": "{code} stands here with another name than on line {before}.",
    "area_file_level": "{code} is a {level} by its code, not a {written}.",
    "area_file_parent": "{code} lies in {parent}, which neither the file nor the service has.",
    "area_file_empty": "The file has no area.",
    "area_file_large": "The file has more than {most} lines.",
    "port_area_not_found": "Nobody has said in which area {port} lies.",
    "portarea_changed": "Where the port lies has changed since you read it: read it again.",
    "office_not_found": "There is no office {office}.",
    "office_changed": "The office has changed since you read it: read it again.",
    "office_taken": "There is an office called {name} already: choose another name.",
    "team_not_found": "There is no team {team}.",
    "team_changed": "The team has changed since you read it: read it again.",
    "team_taken": "The area has a team called {name} already: choose another name.",
    "code_not_found": "The code list has no {code}.",
    "code_exists": "The code list has {code} already: change that one, or take another code.",
    "codes_too_many": "The code list has {most} codes of your own already: remove one first.",
    "code_changed": "The code has changed since you read it: read it again.",
    "code_built_in": "{code} is built in: it can be switched off, not removed.",
    "code_in_use": "{uses} records have {code}, so it stays: switch it off instead.",
    "code_needed": "{code} cannot be switched off: the program itself needs it.",
    "code_unnamed": "Write what it is called in every language; {language} is empty.",
    "outcome_built_in": (
        "What the built-in outcome {code} means stays: change its name, switch it off, or add one "
        "of your own."
    ),
    "outcome_of_other_person": (
        "An outcome of your own is for travellers who are the person on the list, or of whom that "
        "is undecided: who is not ends in one of the built-in ways."
    ),
    "outcome_holds_undecided": (
        "Nobody is held while it is undecided whether it is the person: let the outcome release "
        "the traveller, or keep it to those who are."
    ),
    "outcome_meaning_used": (
        "{uses} records ended so, and what it means for the traveller stays: add another code."
    ),
    "requires_legal_basis": (
        "Lists of the category {category} need their legal basis: write the law and the article."
    ),
    "requires_decision_number": (
        "Entries on lists of the category {category} need the number of the decision: write it."
    ),
    "requires_valid_until": (
        "Entries on lists of the category {category} need an end of validity: write it."
    ),
    "watchlist_in_use": "{subjects} subjects are on this watchlist: remove them from it first.",
    "breaker_not_tripped": (
        "The breaker of this watchlist has not tripped: there is nothing to reset."
    ),
    "threshold_too_low": (
        "Strangers would reach this threshold too often: with the list as it is, it must be at "
        "least {least}. Leave it out, and the threshold follows from target_fpir."
    ),
    "threshold_unchecked": (
        "A threshold set by hand is checked against the gallery: set it over HTTP."
    ),
    "subject_not_found": "There is no subject {subject}.",
    "subject_photo_not_found": "Subject {subject} has no photo {photo}.",
    "subject_reference_taken": (
        "Another subject already has that reference, or one that looks the same."
    ),
    "reference_ambiguous": (
        "Two subjects have references that look like this one: write it exactly as one of them "
        "has it, or give one of them another reference."
    ),
    "reference_written_otherwise": (
        "The subject's reference looks the same and is written in another way: it stays as it was."
    ),
    "reference_alike": (
        "The reference looks like that of {subjects}: give one of them another, so that nobody "
        "takes them for each other."
    ),
    "approval_erase": "Erase subject {subject}; for a while it can be taken back.",
    "approval_erase_at_once": "Erase subject {subject} at once and for good.",
    "approval_erase_photo": "Erase a photo of subject {subject}; for a while it can be taken back.",
    "approval_subject_lessen": "Change subject {subject}: {less:; }.",
    "lessens_lists": "it leaves a list whose alerts take two officers",
    "lessens_status": "it is suspended, and alerts nobody",
    "lessens_period": "its entry is in force for a shorter time",
    "subject_being_erased": "This subject is being erased: take that back first.",
    "subject_merged": "This subject is merged into {into}: take the merge back instead.",
    "merge_itself": "A subject cannot be merged into itself: name another one.",
    "merge_two_agencies": "They are subjects of two agencies: each keeps its own.",
    "merge_suspended": (
        "One of the two is suspended: decide the objection first, then merge them."
    ),
    "merge_photo_being_erased": (
        "Who stays has a photo of the other that is being erased: take that back, or erase it of "
        "both, then merge them."
    ),
    "merge_later": "Another merge came after this one: take that of {subject} back first.",
    "merge_none": "This subject was not merged, or the merge was taken back already.",
    "approval_merge": "Merge the subject {subject} into {into}",
    "subject_not_being_erased": "This subject is not being erased: there is nothing to take back.",
    "photo_being_erased": "This photo is being erased: take that back first.",
    "photo_not_being_erased": "This photo is not being erased: there is nothing to take back.",
    "off_reason_missing": "Say why it is switched off: the reason stands in the audit trail.",
    "roles_reason_missing": "Say why roles are taken away: the reason stands in the audit trail.",
    "key_rotated": "Somebody has rotated this key since you read it: look at it again first.",
    "key_not_restorable": "The key is in force, or was revoked too long ago: make a new one.",
    "subject_last_photo": (
        "This is the subject's only photo: add another first, or remove the subject."
    ),
    "subject_changed": "The subject has changed since you read it: read it again.",
    "period_reversed": "valid_until must be later than valid_from.",
    "period_lapsed": "The entry has lapsed: valid_until lies in the past.",
    "birth_too_early": "Nobody alive was born before {year}.",
    "birth_in_future": "Nobody is born in the future.",
    "birth_year_differs": "The year of birth is not that of the date: leave one of them out.",
    "enrolment_refused": "No photo can be enrolled: {photos:; }",
    # One photo: what became of it, and what can be done about it
    "photo_reported": "{name}: {detail: }",
    "photo_good": "Good.",
    "photo_not_chosen": "no photo was chosen",
    "photo_already_enrolled": "This photo is already enrolled.",
    "photo_file_unreadable": "The file cannot be read: {error}.",
    "photo_empty": "The file is empty: choose another photo.",
    "photo_format_unsupported": "This is not a photo that can be read: send one of {formats}.",
    "photo_too_large": "The photo's file is too large: choose a smaller one.",
    "photo_too_many_pixels": "The photo has too many pixels: choose a smaller one.",
    "photo_unreadable": "The photo is damaged and cannot be read: choose another.",
    "advice_no_face": "No face was found: the face has to look into the camera.",
    "advice_several_faces": "Another face is as large: cut the photo so that one face is left.",
    "advice_face_too_small": "The face is too small: move closer, or take a larger photo.",
    "advice_blurred": "The face is blurred: hold still and focus.",
    "advice_too_dark": "The face is too dark: add light from the front.",
    "advice_too_bright": "The face is over-exposed: reduce the light or the exposure.",
    "advice_low_contrast": "The face has hardly any contrast: look for haze, glass and lamps.",
    "advice_turned_away": "The head is turned away: choose a photo that looks into the camera.",
    "advice_cut_off": "The frame cuts off part of the face: choose a photo of the whole head.",
    "advice_eyes_covered": "The eyes hardly show: choose a photo in which they do.",
    "advice_mouth_covered": "The mouth hardly shows: choose a sharp photo in which it does.",
    "advice_compressed": "The photo is compressed too much: choose one that was saved with less.",
    "advice_noisy": "The photo is grainy: choose one that was taken in better light.",
    "advice_uncertain_face": "The face is not clearly seen: is the photo upright? Choose another.",
    "advice_hard_to_recognise": "The face shows little to recognise it by: choose a closer photo.",
    "advice_turned": "The photo is not upright: turn it, and see that the face is upright.",
    "advice_negative": "The photo is a negative: choose the picture itself.",
    # Imports: the file
    "import_not_found": "There is no import {id}.",
    "imports_unfinished": (
        "{imports} imports of your agency are not finished: wait, or cancel some."
    ),
    "import_ended": "The import is {state}: there is nothing to cancel.",
    "export_too_long": (
        "The watchlist has more than {subjects} subjects, which is what an Excel sheet holds: "
        "export it as CSV."
    ),
    "import_rest_fails": "What follows the first {done} rows fails: see the service's log.",
    "list_is_json_array": "This is a JSON array: send JSON Lines, one object a line.",
    "list_is_old_excel": (
        "This is an old Excel workbook (.xls), or one with a password: save it as .xlsx, without a "
        "password."
    ),
    "list_is_pdf": "This is a PDF: send the table it was made from, as .xlsx or as CSV in UTF-8.",
    "list_is_html": (
        "This is a web page or XML, not a list: save the table in it as .xlsx or as CSV in UTF-8."
    ),
    "list_is_nothing": "The file is empty: see whether it was saved and copied whole.",
    "list_is_packed": "The file is packed, such as by gzip: unpack it, or send it in a ZIP.",
    "list_is_open_document": (
        "This is an OpenDocument spreadsheet (.ods): save it as .xlsx, or as CSV in UTF-8."
    ),
    "workbook_binary": "This is a binary Excel workbook (.xlsb): save it as .xlsx.",
    "workbook_strict": (
        "This is a workbook in Excel's strict form: save it as an ordinary Excel workbook (.xlsx)."
    ),
    "workbook_damaged": "The Excel workbook is damaged: open it, save it again and send that.",
    "workbook_too_large": (
        "The Excel workbook is larger than a list should be: save the sheet as CSV in UTF-8."
    ),
    "entities_no_people": "The file has no entity of the schema Person.",
    "entities_too_many": (
        "The file says too much of people in entities of their own: send the export in which they "
        "are nested (`targets.nested.json`)."
    ),
    "list_not_utf8": "The file is not UTF-8 in row {row}: save it as UTF-8.",
    "list_not_utf16": "The file is not UTF-16 to its end: save it as UTF-8.",
    "heading_refused": "{remark} A strict import refuses that.",
    "heading_names_separator": "The first line names the separator, as some spreadsheets do.",
    "heading_spelt_otherwise": "The heading has capitals or spaces that the columns' names lack.",
    "heading_columns_nameless": "{columns} columns of the heading have no name; they are left out.",
    "list_line_no_text": "Line {line} is not text that a row could be.",
    "list_too_many_lines": "The file has more than {lines} lines.",
    "list_lacks_reference": (
        "The column `reference` is missing: the first line must name the columns, which are "
        "{columns}."
    ),
    "list_lacks_column": "The column `{column}` is missing.",
    "list_column_unknown": "The column `{column}` is unknown; known are {columns}.",
    "list_column_twice": "The column `{column}` appears twice.",
    "list_empty": "The file has no rows.",
    "list_too_long": "The file has more than {rows} rows: send it in several.",
    "zip_damaged": "This is not a ZIP file, or it is damaged.",
    "zip_too_many_members": "The ZIP has more than {members} members.",
    "zip_unpacks_too_large": "The ZIP unpacks to more than {bytes} bytes.",
    "zip_name_twice": "Member {member} of the ZIP has another's name.",
    "zip_name_impossible": "Member {member} of the ZIP has a name that no file has.",
    "zip_name_leads_out": "Member {member} of the ZIP has a name that leads out of the ZIP.",
    "zip_member_opaque": "Member {member} of the ZIP is a link, or encrypted.",
    "zip_method_uncommon": (
        "Member {member} of the ZIP is compressed in an uncommon way: use deflate."
    ),
    "zip_bomb": "Member {member} of the ZIP unpacks to far more than it is.",
    "zip_list_damaged": "The list in the ZIP is damaged.",
    "zip_lacks_list": "A ZIP must hold one list, at its top or in one folder: {names: or }.",
    "zip_and_photos": "The file is a ZIP that has its photos itself: send no other.",
    # Imports: what is wrong with a row
    "row_not_object": "The line is not one JSON object.",
    "row_not_utf8": "A letter is not UTF-8: save the list as UTF-8, or type the letter again.",
    "kept_not_utf8": (
        "A letter is not UTF-8, and a question mark stands in its place: save the list as UTF-8."
    ),
    "read_as_windows_1252": (
        "The list is not UTF-8, and is read as Windows-1252, as Excel writes CSV: see whether the "
        "letters with accents are right, or save it as CSV UTF-8."
    ),
    "row_null": "A text holds a null character.",
    "row_document_incomplete": (
        "A document needs its kind before its number, as in passport:A1234567."
    ),
    "row_cells": (
        "The row has {cells} cells where the heading names fewer: enclose values that contain "
        "the separator in quotation marks."
    ),
    "row_cells_missing": "The row has {cells} cells where the heading has {columns}.",
    "row_quotes": (
        "A quotation mark does not enclose its cell: enclose the whole cell, and write each "
        "quotation mark within it twice."
    ),
    "row_photos_no_list": "Photos are a list of file names.",
    "row_cell_unreadable": "The cell is neither values separated by `;` nor a JSON array.",
    "row_reference_twice": "Row {row} has the same reference: that one counts.",
    "row_too_many_photos": "The row has too many photos: {photos} at most.",
    "row_formula_unknown": (
        "The cell has a formula that nobody has computed: open the workbook, save it and send that."
    ),
    "row_cell_is_error": "The cell shows an error.",
    "row_cell_is_date": "The cell is kept as a date: was it meant as a text?",
    "row_digits_lost": (
        "The cell is a number of more than 15 digits, and a spreadsheet keeps no more: make it a "
        "text."
    ),
    "row_merged": "Some of its cells are merged with others: split them.",
    "row_hidden_rows": "{rows} rows are hidden in the sheet; they are read as well.",
    "row_sheet_of_several": (
        "The workbook has {sheets} sheets: number {sheet} is read, since it has the heading."
    ),
    "row_entities_left_out": ("{entities} entities are no people and are left out: {kinds}."),
    "row_several_values": "The list has several values: one is kept.",
    "row_country_as_nationality": (
        "The list names no nationality but one country, which is taken for it."
    ),
    "row_nationality_open": "The list names countries, none of which is surely the nationality.",
    "row_citizenship_ambiguous": (
        "The citizenship is not a code of three letters, and those of two letters are used in "
        "several ways."
    ),
    "row_no_notice": "This is not a notice.",
    "row_photo_elsewhere": (
        "The notice names its photo by an address, from which nothing is fetched: send the photo "
        "with the list, under the notice's number."
    ),
    "row_nist_damaged": "{name} is no ANSI/NIST-ITL file, or it is damaged.",
    "row_lacks_reference": "A row needs the agency's own reference.",
    "row_names_watchlist": "The import says which list it is for.",
    "row_takes_two": (
        "The subject is on a list whose alerts take two officers: to suspend it, or to shorten its "
        "entry, change the subject itself, so that a second person can accept it."
    ),
    "row_lacks_photo": "A new subject needs a photo.",
    # Whom the face of a row resembles; of another agency's lists no more than whose they are
    "row_looks_like": "The face resembles {people}. Is it the same person?",
    "looks_like_own": "{subject} ({watchlist})",
    "looks_like_other": "somebody on a list of {agency}",
    "row_photo_too_large": "It has more than {bytes} bytes.",
    "row_photo_damaged": "{name} is damaged in the ZIP.",
    "row_photos_missing": "{name} cannot be read: the upload has no photos.",
    "row_photo_not_in_zip": "{name} cannot be read: the ZIP has no such file.",
    "row_photo_not_in_folder": "{name} cannot be read: there is no such file.",
    "row_photo_not_in_zip_near": (
        "{name} cannot be read: the ZIP has no such file. Is {near: or } meant?"
    ),
    "row_photo_not_in_folder_near": (
        "{name} cannot be read: there is no such file. Is {near: or } meant?"
    ),
    "row_photos_run_together": (
        "{name} cannot be read: there is no such file. Several photos are separated by `;`."
    ),
    "row_photos_by_comma": "Photos are separated by commas instead of `;`.",
    "row_photo_nameless": "{name} cannot be read: it has no such name.",
    "row_photo_outside": "{name} cannot be read: the name leads out of the folder.",
    "row_photo_unreadable": "{name} cannot be read: {error}.",
    "row_photo_no_file": "{name} cannot be read: it is a folder, a pipe or a socket, and no file.",
    # Imports: what describes a person, and is not in its form
    "kept_beginning": "It may have at most {most} characters: what follows them is left out.",
    "kept_first": "It may have at most {most} values: what follows them is left out.",
    "sex_written_otherwise": "The sex is not written as F, M or X; it is understood.",
    "sex_not_understood": "The sex is not understood, and left out: write F, M or X.",
    "birth_written_otherwise": "The date is not written as 1980-02-29; it is understood.",
    "birth_year_left_out": "The year of birth is not that of the date: the date's is kept.",
    "birth_year_alone": "Of the date of birth only the year is certain, and kept.",
    "birth_not_understood": (
        "The date of birth is not understood, and left out: write it as 1980-02-29, or the year "
        "alone in birth_year."
    ),
    "sex_is": "'{written}' is {means}.",
    "nation_is": "'{written}' is {means}.",
    "nation_first": "Of '{written}' the first is kept: {means}.",
    "nation_followed": (
        "'{written}' is no state any more: {means} is kept, the one that followed it, or XXX where "
        "several did."
    ),
    # Of imports of before, which did not keep what was written.
    "nation_written_otherwise": "The state is not written as IDN; it is understood.",
    "nation_one_of_several": "Of several nationalities the first is kept.",
    "nation_of_before": (
        "The state no longer exists: the one that followed it is kept, or XXX where several did."
    ),
    "nation_not_understood": (
        "The state is not understood, and left out: write three letters, such as IDN."
    ),
    "nation_of_two_states": (
        "Two states go by this name, and none is chosen: write three letters, such as COD or COG."
    ),
    "status_written_otherwise": "The status is written in another way; it is understood.",
    "period_written_otherwise": (
        "The day is not written as 2027-01-31, or its time has no zone; it is understood as the "
        "clocks of the place have it."
    ),
    "field_missing": "The field is required.",
    "field_unknown": "There is no such field.",
    "field_too_long": "It may have at most {most} characters.",
    "field_too_short": "It must have at least {least} characters.",
    "field_empty": "It must not be empty.",
    "field_too_many": "It may have at most {most} values.",
    "field_too_few": "It must have at least {least} values.",
    "field_too_small": "It must be at least {least}.",
    "field_too_great": "It may be at most {most}.",
    "field_no_choice": "It must be one of these: {choices}.",
    "field_no_date": "It is not a date such as 2027-01-05.",
    "field_no_time": "It is not a time with its zone, such as 2027-01-05T12:00:00+07:00.",
    "field_no_number": "It is not a whole number.",
    "field_no_text": "It is not text.",
    "field_no_list": "It is not a list.",
    "field_pattern": "It does not have the required format.",
    "field_invalid": "The value is not valid.",
    # Screening and searches
    "idempotency_key_reused": (
        "This Idempotency-Key was used for a different request: send a new key with a new photo"
        " or changed fields."
    ),
    "encounter_not_found": "There is no encounter {encounter} of this key.",
    "search_not_found": "There is no search {search} of yours.",
    "candidate_not_found": "The search {search} has no candidate {rank}.",
    "calibration_not_found": "There is no calibration {calibration}.",
    "calibration_empty_gallery": "The gallery is empty, so nobody scores against it: enrol first.",
    "calibration_too_few": (
        "{searches} non-mated searches of a gallery of about {templates} templates are too few:"
        " {least} at least. Screen more travellers, or run `siaga calibrate FOLDER` with photos"
        " of people who are on no list."
    ),
    "prior_too_few": (
        "{photos} photos are too few to measure how high strangers score: {least} at least, each "
        "of somebody else."
    ),
    "prior_all_alike": (
        "The {photos} photos score too much alike to measure how high strangers score: they have "
        "to be of different people."
    ),
    # Screening
    "capture_time_refused": (
        "captured_at is {captured}, but the photo came in at {received} by this service's clock: "
        "more than a day apart. Set the clock of the lane, and send the time at which the photo "
        "was taken, or none."
    ),
    "recapture_unknown": (
        "recapture_of names no encounter that this key submitted at {port}. Send the id of the "
        "answer to the traveller's first photo; leave it out with a first photo."
    ),
    "recapture_too_late": (
        "The capture that recapture_of names came in more than {minutes} minutes ago. Begin again "
        "without recapture_of if it is the same traveller; the capture counts as their first."
    ),
    # Alerts
    "case_number_malformed": "This is not a case number: one looks like IMI-00042-X.",
    "case_number_misheard": (
        "The last letter does not belong to this number: it was misheard or mistyped. Ask for it "
        "again, letter by letter."
    ),
    "extension_not_later": "The new end must be later than the present one.",
    "lookalike_not_found": "There is no known look-alike {look_alike}.",
    "lookalike_not_mistaken": (
        "Only the traveller of an alert that was raised by a face and closed as mistaken identity "
        "can be a known look-alike."
    ),
    "lookalike_unsearchable": "The traveller's photo is too poor to know them again by.",
    "lookalike_too_alike": (
        "The two are so alike that no comparison of faces keeps them apart: the traveller has to "
        "be stopped each time."
    ),
    "lookalike_full": (
        "The subject has {most} known look-alikes in force, as many as it may: revoke one first."
    ),
    "lookalike_subject_gone": "The entry has been erased since.",
    "lookalike_gone": "What was asked for is gone: ask again.",
    "lookalike_ended": "This known look-alike is out of force already.",
    "lookalike_by_two": "Two supervisors decide this: sign in as one of them.",
    "approval_lookalike": (
        "Do not stop the traveller of alert {case_number} for its subject again, until {until}: "
        "they are somebody else."
    ),
    "objection_not_found": "There is no objection {objection}.",
    "objection_changed": "The objection has changed since you read it: read it again.",
    "objection_in_future": "An objection cannot be received after today.",
    "objection_due_early": "The answer cannot be due before the objection was received.",
    "objection_answered": "The objection is answered already; its answer stays as it is.",
    "overstay_off": (
        "Permits of travellers on no list are not held here: the operator has to name "
        "overstay_legal_basis, overstay_purpose and keep_overstay_days first."
    ),
    "permit_not_found": "No permit is held for this reference, or none of that id.",
    "residence_not_found": "There is no permit {residence}.",
    "residence_changed": "The permit has changed since you read it: read it again.",
    "residence_ends_before_it_begins": "The permit would end before it begins: look at the days.",
    "residence_departed_early": "The person cannot leave before the permit begins.",
    "residence_departed_in_future": (
        "The departure lies ahead: record it once the person has left the country."
    ),
    "duty_shift_not_found": "There is no shift {shift}.",
    "dutyshift_changed": "The shift has changed since you read it: read it again.",
    "duty_time": "A time of day is hours and minutes, such as 07:00.",
    "duty_days_reversed": "The last day must not be before the first.",
    "duty_next_port": "The next port must be another one.",
    "duty_officer": (
        "{officer} cannot be on duty: choose officers and supervisors of the agency whose accounts "
        "are in force."
    ),
    "case_number_unknown": "There is no alert {number}, or it is not for your agency to see.",
    "alert_not_found": "There is no alert {alert}.",
    "probe_photo_erased": "The traveller's photo has been erased.",
    "face_not_ready": "The small picture is not made yet. Load the page again in a moment.",
    "reference_photo_missing": "No reference photo is kept beside the traveller's.",
    "enrolled_photo_erased": "The enrolled photo has been erased.",
    "alert_changed": (
        "The alert has changed since you read it, perhaps by another officer: read it again."
    ),
    "alert_taken": "Another officer has taken this alert; a supervisor can take over.",
    "alert_yours": "You have already taken this alert.",
    "alert_to_acknowledge": "Acknowledge the alert first: its list requires that.",
    "alert_disagreed": (
        "Two officers have looked and did not agree: take the alert and compare again."
    ),
    "alert_same_officer": "The second opinion must come from another officer than the first.",
    "alert_nothing_to_withdraw": (
        "There is no opinion of yours to take back: another step came after it."
    ),
    "alert_too_late_to_withdraw": (
        "An opinion can be taken back for {seconds} seconds: it is too late now. Close the alert, "
        "and have a supervisor correct it, or take it again."
    ),
    "alert_second_first": "A second officer has to look first: the alert's list requires it.",
    "alert_ends_otherwise": (
        "The traveller is not the person on the list, so the alert cannot end as {disposal}."
    ),
    "alert_cannot_end_there": (
        "{disposal} is no outcome for a traveller at this stage and going this way ({stage}, "
        "{direction}): choose another."
    ),
    "alert_undecided": (
        "It is not certain whether this is the person on the list, so the alert cannot end as "
        "{disposal}: take it and compare again."
    ),
    "alert_not_to_acknowledge": "An alert that is {state} cannot be acknowledged.",
    "alert_not_to_decide": "An alert that is {state} cannot be decided.",
    "alert_not_to_confirm": "An alert that is {state} cannot be confirmed.",
    "alert_not_to_refer": "An alert that is {state} cannot be referred.",
    "alert_not_to_correct": "An alert that is {state} has no outcome to correct.",
    "alert_not_to_close": "An alert that is {state} cannot be closed.",
    "alert_under_review": "waiting for a second opinion",
    # Where a threshold comes from, and whether the audit trail is whole
    "basis_by_hand": "set by hand",
    "basis_raised": (
        "set by hand to {hand}, raised to the score of FPIR {fpir} at {templates} templates"
    ),
    "basis_breaker": (
        "set by hand to {hand}, replaced by the breaker: FPIR {fpir} at {templates} templates"
    ),
    "basis_prior": "prior of {pack}: FPIR {fpir} at {templates} templates",
    "basis_generic": "generic curve for {pack}: FPIR {fpir} at {templates} templates",
    "basis_calibration": "calibration {calibration}: FPIR {fpir} at {templates} templates",
    "basis_extrapolated": (
        "calibration {calibration}: FPIR {fpir} at {templates} templates, extrapolated from {size}"
    ),
    "threshold_basis_by_hand": "Somebody set it by hand.",
    "threshold_basis_raised": (
        "Set by hand to {hand}, and raised: one false alarm in {travellers} travellers with "
        "{templates} photos enrolled."
    ),
    "threshold_basis_breaker": (
        "Set by hand to {hand}; the breaker replaced it: one false alarm in {travellers} "
        "travellers with {templates} photos enrolled."
    ),
    "threshold_basis_prior": (
        "By what was measured of {pack} when it was published: one false alarm in {travellers} "
        "travellers with {templates} photos enrolled."
    ),
    "threshold_basis_generic": (
        "By other networks, as nothing is measured of {pack} yet: meant for at most one false "
        "alarm in {travellers} travellers with {templates} photos enrolled."
    ),
    "threshold_basis_calibration": (
        "By calibration {calibration}: one false alarm in {travellers} travellers with {templates} "
        "photos enrolled."
    ),
    "threshold_basis_extrapolated": (
        "By calibration {calibration}, made with {size} photos and carried over: one false alarm "
        "in {travellers} travellers with {templates} photos enrolled."
    ),
    "trail_record_missing": "record {record} is missing",
    "trail_record_misplaced": "record {record} is out of its place",
    "trail_record_altered": "record {record} is not as it was written",
    "trail_rewritten": (
        "the records up to {record} are not those that were exported: the trail was rewritten"
    ),
    "trail_shorter_than_export": "record {record} is missing: the export goes to {last}",
    "trail_cut_short": "record {record} is missing: the trail goes to {last}",
    "trail_record_added": "record {record} was added behind the end of the trail",
    "trail_end_differs": "record {record} is not the one that was sealed",
    "trail_end_missing": "the end of the trail is missing",
    "trail_end_unsealed": "the end of the trail is not sealed with this installation's key",
    "trail_coverage_differs": "the trail's end names other protected columns than this version",
    "trail_text_altered": "the {name} beside record {record} is not the one that was written",
    "trail_text_missing": "the {name} beside record {record} is missing, and no act erased it",
    "trail_taken_over_broken": (
        "the trail was broken already when it was taken over from the first format: see record "
        "{record}"
    ),
    "trail_earlier_altered": (
        "record {record} does not have the hash that it had in the first format"
    ),
    "state_row_altered": (
        "{key} in table {table} is not as record {record} left it: it was changed without an act"
    ),
    "state_row_added": "{key} in table {table} was added without an act",
    "state_row_missing": (
        "{key} in table {table}, last changed with record {record}, was removed without an act"
    ),
    "state_table_unreadable": "table {table} holds what this software never writes",
    "checkpoint_altered": "checkpoint {number} is not as it was signed",
    "checkpoint_missing": "checkpoint {number} is missing",
    "checkpoint_unsigned": "checkpoint {number} is not signed with a key that counts here",
    "checkpoint_differs": "checkpoint {number} is not the one that was handed out",
    "checkpoint_late": (
        "no checkpoint covers record {record} and what follows, although it is time: nobody made "
        "one (`siaga audit checkpoint`), or somebody removed it"
    ),
    "checkpoint_waits": (
        "checkpoint {number} still waits to be handed out, although it is time: see what "
        "`siaga audit checkpoint` says"
    ),
    "trail_differs_from_checkpoint": (
        "the records up to {record} are not those of checkpoint {number}: the trail was rewritten"
    ),
    "trail_cut_by_checkpoint": (
        "record {record} is missing: checkpoint {number} goes to {last}, so that the trail was cut"
    ),
    # Referrals and tips
    "referral_not_found": "There is no referral {referral}.",
    "referral_lacks_photo": "The referral {referral} carries no {name}.",
    "referral_changed": "The referral has changed since you read it: read it again.",
    "referral_other_side": "Only the {side} of a referral can {move} here.",
    "referral_not_possible": "The {side} cannot {move} a referral that is {state}.",
    "referral_not_accepted": (
        "The {side} cannot {move} a referral that is {state} and was not accepted."
    ),
    "referral_not_yours": "Only officers of the two agencies answer a referral.",
    "referral_outcome_missing": "State the outcome.",
    "referral_outcome_of_sender": "The receiver states the outcome, not the sender.",
    "referral_due_in_past": "An answer cannot be due before the referral is sent.",
    "referral_receiver_unknown": "There is no active agency {agency}.",
    "referral_sender_unknown": "There is no such agency.",
    "referral_to_self": "An agency cannot refer to itself.",
    "referral_fields_of_list": (
        "Only the agency that owns the list may pass on what is on it: leave out {fields}"
    ),
    "referral_subject_erased": "The subject has been erased: leave its fields out.",
    "referral_probe_erased": "The traveller's photo has been erased: leave it out.",
    "referral_reference_missing": "No reference photo is kept: leave it out.",
    "referral_photo_erased": "The enrolled photo has been erased: leave it out.",
    "referral_tip_without_photo": "The tip has no photo: leave it out.",
    "tip_not_found": "There is no tip {tip}.",
    "tip_lacks_photo": "The tip {tip} has no photo.",
    "tip_lacks_source": "The tip {tip} names no source.",
    "tip_changed": "The tip has changed since you read it: read it again.",
    "stays_off": (
        "Reports of stays are switched off here: the operator has to name their legal basis, "
        "purpose and period first (stays_legal_basis, stays_purpose, keep_stays_days)."
    ),
    "stay_of_nobody": "A stay is reported to an agency: by its officers, or with a key of its own.",
    "stay_not_found": "There is no stay with the receipt {receipt}.",
    "stay_guest_is_national": (
        "Only foreign guests are reported: this one is Indonesian, and nothing was kept."
    ),
    "stay_lacks_nationality": (
        "The guest's nationality is missing: send it, or the document's machine-readable zone."
    ),
    "stay_lacks_name": (
        "The guest's name is missing: send it, or the document's machine-readable zone."
    ),
    "stay_lacks_number": (
        "The document's number is missing: send it, or the document's machine-readable zone."
    ),
    "stay_begins_in_future": "The check-in lies ahead: report the guest once they are there.",
    "stay_ends_before_it_begins": "The guest would leave before coming: look at the two dates.",
    "stay_ends_in_future": (
        "The check-out lies ahead: send it as the expected one, and the true one when they left."
    ),
    "stay_too_old": "The stay was over more than {days} days ago: such old ones are not kept.",
    "stay_file_empty": "The file has no guests: its first line names the columns {columns}.",
    "stay_file_lacks_columns": "The file lacks the columns {columns}.",
    "stay_file_unknown_columns": "The file has columns that are none here: {columns}.",
    "stay_file_too_long": "The file has more than {most} guests: divide it.",
    "stay_file_unreadable": "The file cannot be read as CSV in UTF-8: save it as such.",
    "tip_of_nobody": "A tip belongs to an agency: it is recorded by one of its officers.",
    "tip_settled": "A tip that is {state} cannot become {into}.",
    "tip_needs_photo": "A tip without a photo cannot become {into}.",
    "tip_in_hand": (
        "Another agency has this tip in hand: wait for its answer, or take the referral back."
    ),
    # Cases
    "period_no_month": "Name a month.",
    "case_not_found": "There is no joint case {case}.",
    "case_changed": "The joint case has changed since you read it: read it again.",
    "caseentry_changed": "The entry has changed since you read it: read it again.",
    "case_of_nobody": "A joint case is led by an agency: it is opened by one of its supervisors.",
    "case_not_possible": "A joint case that is {state} cannot become {into}.",
    "case_closed": "The joint case is closed: nothing is added to it any more.",
    "case_member_not_possible": "An agency that is {state} cannot become {into}.",
    "case_lead_stays": "The agency that leads a joint case takes part in it until its end.",
    "case_member_unknown": "There is no such active agency.",
    "case_member_not_found": "The agency {agency} was not invited to this joint case.",
    "case_entry_not_found": "There is no entry {entry} in this joint case.",
    "case_entry_withdrawn": "This was withdrawn: nothing of it is kept.",
    "case_entry_lacks_photo": "The entry {entry} carries no {name}.",
    "case_entry_lacks_file": "The entry {entry} has no file.",
    "case_entry_not_yours": "Only the agency whose it is can do this.",
    "case_readers_not_members": "Name only agencies that take part in the joint case.",
    "case_fields_unknown": "Some of these fields cannot be given of it.",
    "case_fields_missing": "Choose what the others are to see of it.",
    "case_fields_of_list": (
        "Only the agency that owns the list may give what is on it: leave out {fields}"
    ),
    "case_fields_of_sender": (
        "Only the agency that sent the referral may give what it carries: leave out {fields}"
    ),
    "case_photo_missing": "The subject has no photo that is kept: leave it out.",
    "case_task_in_past": "A task cannot be due before it is given.",
    "case_task_done": "The task is done.",
    "case_not_a_task": "This is not a task of your agency.",
    "case_outcomes_missing": "Say how the joint case ended.",
    "case_outcomes_before_start": "A joint case that never ran ends without an outcome.",
    "case_outcome_twice": "The outcome {outcome} is named twice.",
    "case_outcome_persons": "Say of how many people: {outcome}.",
    "case_nothing_found_alone": "No violation was found, or some was: not both.",
    "case_file_empty": "The file is empty.",
    "case_file_too_large": "The file has more than {most} MB.",
    "case_file_unknown": "Attach a photo (JPEG, PNG or WebP) or a PDF.",
    # Webhooks
    "webhook_not_found": "There is no webhook {webhook}.",
    "webhook_changed": "The webhook has changed since you read it: read it again.",
    "webhook_lacks_receiver": "Name the receiving agency, or the key of a port system.",
    "webhook_key_not_found": "There is no key {key} of a port system.",
    "webhook_disabled": "Delivery {delivery} failed {attempts} times.",
    "delivery_not_to_replay": (
        "Not every delivery that you named is one of this webhook's that ended."
    ),
    "delivery_answered": "The receiver answered {status}.",
    "delivery_timed_out": "No answer within {seconds} seconds.",
    "delivery_failed": "{kind}: {error}",
    "target_not_plain": "A webhook's URL is plain ASCII, without spaces, of 2,000 characters.",
    "target_unreadable": "The webhook's URL cannot be read: {error}.",
    "target_not_https": "A webhook's URL begins with https:// and names a host.",
    "target_has_credentials": "A webhook's URL holds no user, password or fragment.",
    "target_unresolved": "The host {host} cannot be resolved.",
    "target_port": "Webhooks may use https at {allowed} alone, not at {number}.",
    "target_private": (
        "The host {host} leads to a private address: the operator can allow that with the "
        "setting webhook_private_targets."
    ),
    # Reports, files of the console
    "totals_by_watchlist": "Totals are not given by watchlist: leave that group out.",
    "totals_by_day": "Totals are not given by day: leave that group out, or count by month.",
    "totals_too_deep": "Totals are given by {most} groups at most: leave some out.",
    "totals_by_nationality_and_place": "Totals are not given by nationality at a single port: "
    "count by area, or leave one out.",
    "cut_within_province": "{area} is no province: give the code of one, such as 31.",
    "cut_within_areas": "`area_within` needs `area` as one of the dimensions.",
    "period_unreadable": "This is not a period: write a month as 2026-10, a quarter as 2026-Q4, or "
    "a year as 2026.",
    "period_running": "{period} is not over yet. The last whole month is {last}.",
    "period_not_whole": "Totals are given of whole months, quarters or years of this "
    "installation's time zone: name one in period, such as 2026-10.",
    "report_period_reversed": "until must be later than since.",
    "asset_not_found": "There is no file {name}.",
    "guide_page_not_found": "The guide has no page {page}.",
    # The installation: what its operator has to put right
    "installation_is_practice": (
        "this database was begun to practise on, and its alerts are not real: set practice = true "
        "(SIAGA_PRACTICE=true) to go on practising, or give the real installation a data_dir (or "
        "database_url) of its own and begin it with `siaga init`"
    ),
    "installation_is_real": (
        "this database was begun as a real installation, and nobody practises on it: take "
        "practice = true (SIAGA_PRACTICE) away, or give the practice installation a data_dir (or "
        "database_url) of its own and begin it with `siaga init --practice`"
    ),
    "audit_end_unsealed": (
        "the end of the audit trail is not sealed with this installation's data key: it is "
        "another key than before (`data_key_file`), or somebody altered the database; `siaga "
        "audit verify` tells where the trail breaks"
    ),
    "audit_unreadable": (
        "the audit trail holds what this software never wrote: somebody altered the database; "
        "restore it from a backup"
    ),
    "audit_not_signed": (
        "no checkpoint is signed: record {record} does not continue the audit trail; run `siaga "
        "audit verify`"
    ),
    "checkpoint_key_unreadable": (
        "checkpoint_key_file {path} holds no Ed25519 key in PEM: {error}; make one with `siaga "
        "audit signing-key`"
    ),
    "checkpoint_key_beside_data": (
        "checkpoint_key_file {path} is inside the data folder {folder}: who takes one would have "
        "both; keep it elsewhere"
    ),
    "checkpoint_key_exists": "{path} is there already: a signing key is never replaced by another",
    "checkpoint_key_missing": (
        "no key signs checkpoints: make one with `siaga audit signing-key FILE`, and name it in "
        "checkpoint_key_file"
    ),
    "checkpoint_not_sent": "checkpoint {number} could not be handed out: {error}",
    "evidence_veiled": (
        "The first opinion on this alert is not open yet: make the bundle after the second one."
    ),
    "evidence_no_bundle": "This is not an evidence bundle, or its ZIP is broken.",
    "evidence_manifest_unreadable": "manifest.json is missing, or is not a manifest of a bundle.",
    "evidence_member_twice": "{name} is in it twice.",
    "evidence_member_unreadable": "{name} was altered: it cannot be read as it was written.",
    "evidence_member_missing": "{name} is missing.",
    "evidence_member_altered": "{name} was altered.",
    "evidence_member_added": "{name} was added.",
    "evidence_container_altered": (
        "The ZIP around the files was altered: a header, an order, or something before or behind."
    ),
    "evidence_signature_wrong": "manifest.json was altered: the signature does not fit it.",
    "evidence_unsigned": "Nobody signed it, although the agency whose key you gave signs.",
    "evidence_key_differs": "It was signed by the key {key}, which is none of those to be trusted.",
    "evidence_record_unproved": "{name} is proved by no signed checkpoint.",
    "checkpoint_none_covers": (
        "no checkpoint covers record {record} yet: make one with `siaga audit checkpoint`"
    ),
    "audit_check_under_way": (
        "The audit trail is being checked already. Ask again when that check is done."
    ),
    "audit_check_too_long": (
        "The check was not done within {minutes} minutes, and was ended. On the machine itself "
        "`siaga audit verify` takes the time it needs."
    ),
    "audit_check_failed": (
        "The audit trail could not be checked. The service's log says why; on the machine itself "
        "`siaga audit verify` checks it too."
    ),
    "audit_record_not_found": "There is no record {record}.",
    "audit_field_not_found": (
        "Record {record} has no field or text of that name: see what it has by proving it whole."
    ),
    "audit_end_missing": (
        "the audit trail has records but no end: somebody altered the database; restore it from"
        " a backup, and run `siaga audit verify`"
    ),
    "database_unsupported": (
        "database_url names {backend}: this service works with SQLite and PostgreSQL"
    ),
    "database_too_new": (
        "the database is at revision {revision}, which this version does not know: run the "
        "version of Siaga that wrote it, or a later one"
    ),
    "data_key_wrong": (
        "{row} does not open with this data key: restore the key file that belongs to this "
        "database, or the record from a backup if it was altered"
    ),
    "erased_meanwhile": "What you asked for has just been erased. Load the page or list again.",
    "data_key_digits": "{path} must hold {digits} hexadecimal digits",
    "data_key_length": "a data key has {required} bytes, this one {found}",
    "data_key_missing": (
        "the key with fingerprint {fingerprint} is missing, which this database was sealed with: "
        "{place} gives {given}; put back the key that belongs to the database"
    ),
    "data_key_absent": (
        "the data key is missing: this database has records, and {place} holds no key; put back "
        "the key that belongs to it (a key is made for a new database only)"
    ),
    "data_key_foreign": (
        "{place} gives the data key {given}, which this database was not sealed with: put back "
        "the key that belongs to it"
    ),
    "data_key_not_made_here": (
        "{place} holds one key, and this program cannot make another there: put a new one behind "
        "it (64 hexadecimal digits), then repeat this"
    ),
    "data_key_not_everywhere": (
        "nothing was changed: these processes at work do not have the new data key {fingerprint}: "
        "{processes}; give it to each of them, behind the old one, start those again that have "
        "their key from a variable, and repeat this"
    ),
    "data_key_open_to_others": (
        "others may read the data key {path} (mode {mode}), and this process cannot change that: "
        "take their rights away (chmod 0400), or set group_access if its group is meant to read it"
    ),
    "stored_key_altered": (
        "a key in the database does not open with its data key: the database was altered; restore "
        "it from a backup"
    ),
    "data_key_unreadable": "{path} cannot be read as a data key: {error}",
    "story_not_practice": (
        "a story is for a practice installation alone, so that nobody takes it for real: set "
        "practice (SIAGA_PRACTICE=1) and a new data_dir"
    ),
    "story_not_new": (
        "this installation has begun already: name a data_dir (SIAGA_DATA_DIR) that is new"
    ),
    "borders_unreadable": "{path} cannot be read as borders_file: {error}",
    "borders_too_large": (
        "{path} is larger than {most_mb} MB: simplify the borders of borders_file, which are drawn "
        "about 1,000 pixels wide"
    ),
    "borders_no_json": "{path} is no GeoJSON file: borders_file names it",
    "borders_wrong": "{path} (borders_file) cannot be drawn: {error}",
    "templates_missing": (
        "{photos} enrolled photos have no template of pack {pack}: run `siaga reembed`, or "
        "start with the pack they were enrolled with"
    ),
    "client_secret_empty": "{file} holds no secret: oidc_client_secret_file names it",
    "client_secret_unreadable": "{file} cannot be read as oidc_client_secret_file: {error}",
}
"""What each code says in English; `{name}` is filled in, `{names:; }` joins several."""


# Gaps that any sentence may have, and that no message fills by itself: records keep messages, and
# those of an earlier version would tell what was accepted then.
_EVERYWHERE: Final[Mapping[str, Any]] = {"formats": FORMAT_LABELS}


def filled(template: str, params: Mapping[str, Any], word: Callable[[Any], str]) -> str:
    """Return a sentence with its gaps filled.

    Args:
        template: of `ENGLISH`, or its translation.
        params: what to fill in, by the names of the gaps.
        word: says one value in the language of the template.
    """
    gaps = {name: _filling(value, word) for name, value in {**_EVERYWHERE, **params}.items()}
    return template.format(**gaps)


class _Several(list[str]):
    """Values for one gap, which says what stands between them."""

    def __format__(self, between: str) -> str:
        return (between or ", ").join(self)


def _filling(value: Any, word: Callable[[Any], str]) -> str | _Several:  # noqa: ANN401 - see `params`
    return _Several(map(word, value)) if isinstance(value, tuple) else word(value)
