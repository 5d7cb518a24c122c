"""Every page of the console and every path of the API, in one table: what is not here does not exist."""

from alerts.draft import Draft
from console import (
    act_pages,
    alert_pages,
    answer_files,
    answer_pages,
    api,
    board_pages,
    cap_pages,
    case_pages,
    compose_pages,
    entry,
    hold_pages,
    map_pages,
    office_pages,
    officer_pages,
    outcome_pages,
    people_pages,
    unanswered_pages,
)
from console import api_models as models
from console.access import Handler, Page, page
from console.openapi import Operation
from staff.officers import Role

READERS = (Role.AUTHOR, Role.APPROVER, Role.CASE, Role.AUDITOR)
WRITERS = (Role.AUTHOR,)
DECIDERS = (Role.APPROVER,)
STOPPERS = (Role.AUTHOR, Role.APPROVER)
HELPERS = (Role.CASE,)
ADMINS = (Role.ADMIN,)
AUDITORS = (Role.AUDITOR,)
OPERATORS = (Role.ADMIN, Role.AUTHOR, Role.APPROVER)


def _open(method: str, path: str, handler: Handler) -> Page:
    return Page(method, path, handler, anybody=True)


CONSOLE: tuple[Page, ...] = (
    _open("GET", "/sign-in", entry.form),
    _open("POST", "/sign-in", entry.sign_in),
    _open("GET", "/sign-in/once/{token}", entry.once_form),
    _open("POST", "/sign-in/once", entry.once),
    page("POST", "/sign-out", entry.sign_out),
    page("GET", "/", alert_pages.home),
    page("GET", "/nav", office_pages.nav),
    page("GET", "/alerts", alert_pages.listing, READERS),
    page("GET", "/alerts/new", compose_pages.new, WRITERS),
    page("POST", "/alerts/new", compose_pages.save_new, WRITERS),
    page("POST", "/alerts/preview", compose_pages.preview, WRITERS),
    page("GET", "/alerts/from-cap", cap_pages.form, WRITERS),
    page("POST", "/alerts/from-cap", cap_pages.load, WRITERS),
    page("GET", "/map/countries.json", map_pages.countries, READERS),
    page("GET", "/map/regions/{code}.json", map_pages.region, READERS),
    page("GET", "/alerts/{id}", alert_pages.show, READERS),
    page("GET", "/alerts/{id}/edit", compose_pages.edit, WRITERS),
    page("POST", "/alerts/{id}/edit", compose_pages.save, WRITERS),
    page("POST", "/alerts/{id}/submit", act_pages.submit, WRITERS),
    page("POST", "/alerts/{id}/approve", act_pages.approve, DECIDERS),
    page("POST", "/alerts/{id}/reject", act_pages.reject, DECIDERS),
    page("POST", "/alerts/{id}/cancel", act_pages.cancel, STOPPERS),
    page("POST", "/alerts/{id}/follow-up", act_pages.follow_up, WRITERS),
    page("GET", "/events/{id}", board_pages.show, READERS),
    page("GET", "/events/{id}/live", board_pages.live, READERS),
    page("GET", "/events/{id}/missing", board_pages.who, READERS),
    page("POST", "/events/{id}/close", board_pages.close, STOPPERS),
    page("POST", "/events/{id}/people/{person}", outcome_pages.record, HELPERS),
    page("GET", "/holds/{id}/{channel}/{account}", hold_pages.show, STOPPERS),
    page("POST", "/holds/{id}/{channel}/{account}", hold_pages.release, STOPPERS),
    page("GET", "/cases", case_pages.listing, HELPERS),
    page("GET", "/cases/{id}", case_pages.show, HELPERS),
    page("POST", "/cases/{id}/answer", case_pages.answer, HELPERS),
    page("POST", "/cases/{id}/close", case_pages.close, HELPERS),
    page("POST", "/cases/{id}/locate", case_pages.locate, HELPERS),
    page("POST", "/cases/{id}/delete", case_pages.delete, HELPERS),
    page("GET", "/answers", answer_pages.listing, READERS),
    page("POST", "/answers", answer_pages.add, WRITERS),
    page("POST", "/answers/publish", answer_pages.publish, DECIDERS),
    page("POST", "/answers/import", answer_files.load, WRITERS),
    page("GET", "/answers/export/{kind}", answer_files.save, READERS),
    page("GET", "/answers/unanswered", unanswered_pages.listing, HELPERS),
    page("POST", "/answers/unanswered/answer", unanswered_pages.answer, WRITERS),
    page("POST", "/answers/unanswered/aside", unanswered_pages.aside, HELPERS),
    page("GET", "/answers/{id}", answer_pages.show, READERS),
    page("POST", "/answers/{id}/write", answer_pages.write, WRITERS),
    page("POST", "/answers/{id}/decide", answer_pages.decide, STOPPERS),
    page("POST", "/answers/{id}/retire", answer_pages.retire, STOPPERS),
    page("GET", "/notices", office_pages.notice_list, OPERATORS),
    page("POST", "/notices/{id}/close", office_pages.notice_close, OPERATORS),
    page("GET", "/audit", office_pages.audit_list, AUDITORS),
    page("GET", "/people", people_pages.listing, people_pages.READERS),
    page("GET", "/people/{country}", people_pages.country, people_pages.READERS),
    page("POST", "/people/estimates", people_pages.take_in, ADMINS),
    page("GET", "/missions", office_pages.mission_list, ADMINS),
    page("POST", "/missions", office_pages.mission_add, ADMINS),
    page("POST", "/missions/{id}/remove", office_pages.mission_remove, ADMINS),
    page("GET", "/officers", officer_pages.listing, ADMINS),
    page("POST", "/officers", officer_pages.add, ADMINS),
    page("POST", "/officers/{id}/reset", officer_pages.reset, ADMINS),
    page("POST", "/officers/{id}/grants", officer_pages.grant, ADMINS),
    page("POST", "/officers/{id}/lock", officer_pages.lock, ADMINS),
)

API: tuple[Operation, ...] = (
    Operation(_open("POST", "/api/v1/login", api.login), models.Credential, models.Login),
    Operation(page("GET", "/api/v1/alerts", api.alert_list, READERS), models.AlertList, query=("before",)),
    Operation(page("POST", "/api/v1/alerts", api.alert_new, WRITERS), models.Made, Draft, 201),
    Operation(
        page("POST", "/api/v1/alerts/from-cap", cap_pages.api_load, WRITERS),
        models.Made,
        status=201,
        media="application/cap+xml",
        query=("status!", "expires_at!", "event_title", "event_id", "time_zone", "which"),
    ),
    Operation(page("GET", "/api/v1/alerts/{id}", api.alert_status, READERS), models.StatusOut),
    Operation(
        page("PUT", "/api/v1/alerts/{id}", api.alert_revise, WRITERS), models.Done, Draft, query=("seen",)
    ),
    Operation(page("POST", "/api/v1/alerts/{id}/submit", api.submit, WRITERS), models.Done),
    Operation(page("POST", "/api/v1/alerts/{id}/approve", api.approve, DECIDERS), models.Done, models.Accept),
    Operation(page("POST", "/api/v1/alerts/{id}/reject", api.reject, DECIDERS), models.Done, models.Why),
    Operation(page("POST", "/api/v1/alerts/{id}/cancel", api.cancel, STOPPERS), models.Done, models.Why),
    Operation(page("POST", "/api/v1/alerts/{id}/correct", api.correct, WRITERS), models.Made, status=201),
    Operation(page("POST", "/api/v1/alerts/{id}/all-clear", api.all_clear, WRITERS), models.Made, status=201),
    Operation(page("GET", "/api/v1/events/{id}/board", api.event_board, READERS), models.BoardOut),
    Operation(page("GET", "/api/v1/cases", api.case_list, HELPERS), models.CaseList),
    Operation(page("GET", "/api/v1/people", people_pages.api_list, people_pages.READERS), models.PeopleOut),
)
OPENAPI_PATH = "/api/v1/openapi.json"
