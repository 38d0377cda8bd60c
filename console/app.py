"""create_app(house): the whole web side of an installation, as one ASGI application."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from console.allowed_hosts import AllowedHostsMiddleware
from console.appeals.appeal_api import appeal_api_router
from console.appeals.appeal_pages import appeal_pages_router
from console.cameo.cameo_api import cameo_router
from console.cameo.cameo_pages import cameo_pages_router, notice_pages_router
from console.cameo.consent_receipt_api import consent_receipt_router, review_router
from console.cameo.consent_request_api import consent_asking_router, consent_request_router
from console.cameo.consent_request_pages import consent_request_pages_router
from console.cameo.enrolment_pages import enrolment_router
from console.cameo.found_api import found_router
from console.cameo.found_pages import found_pages_router
from console.cameo.lease_pages import lease_pages_router
from console.cameo.people_pages import people_pages_router
from console.cameo.portal_api import certificate_router, portal_router
from console.cameo.receipt_pages import receipt_pages_router
from console.cameo.takedown_pages import takedown_pages_router
from console.cameo.use_pages import use_pages_router
from console.claims.claim_api import claims_api_router
from console.claims.claim_pages import claim_pages_router
from console.claims.claim_proof_pages import claim_proof_router
from console.claims.claim_review_api import claim_review_api_router
from console.claims.claim_review_pages import claim_review_router
from console.compression import CompressionMiddleware
from console.creator.creator_api import creator_link_router
from console.creator.creator_pages import creator_pages_router
from console.end_users.end_user_api import end_users_router
from console.end_users.end_user_pages import end_user_pages_router
from console.gateway.characters_api import characters_router
from console.gateway.derived_videos_api import derived_videos_router
from console.gateway.guardrail_api import guardrail_router
from console.gateway.models_api import models_router
from console.gateway.moderations_api import moderations_router
from console.gateway.sync_api import sync_router
from console.gateway.videos_api import videos_router
from console.login.login_pages import login_router
from console.login.oidc_pages import oidc_router
from console.login.passkey_pages import passkey_router
from console.login.security_pages import security_router
from console.moderation.case_api import cases_router
from console.moderation.case_pages import case_pages_router
from console.moderation.correction_pages import correction_router
from console.moderation.enrolment_review_pages import enrolment_review_router
from console.moderation.exposure_pages import exposure_router
from console.moderation.match_pages import match_pages_router
from console.moderation.overview_pages import overview_pages_router
from console.moderation.queue_bulk_pages import queue_bulk_router
from console.moderation.queue_pages import queue_pages_router
from console.moderation.wording_pages import wording_router
from console.moderation.work_match_pages import work_match_router
from console.platform.comparison_api import comparison_router
from console.platform.keys_api import keys_router
from console.platform.platform_pages import platform_pages_router
from console.platform.policy_pages import policy_pages_router
from console.platform.usage_api import usage_router
from console.platform.webhooks_api import webhooks_router
from console.record.record_pages import record_router
from console.record.transparency_pages import transparency_router
from console.reports.report_api import report_api_router
from console.reports.report_pages import report_pages_router
from console.rights.holder_api import holders_router, works_router
from console.rights.holder_match_pages import holder_match_pages_router
from console.rights.holder_matches_api import holder_matches_router
from console.rights.holder_pages import holder_pages_router
from console.rights.holder_review_pages import holder_review_router
from console.rights.work_images_api import work_images_router
from console.rights.work_sounds_api import work_sounds_router
from console.verify.browser_reader import browser_reader_folder, browser_reader_router, has_browser_reader
from console.verify.consent_pages import consent_api_router, consent_pages_router
from console.verify.manifest_upload import manifest_upload_router, well_known_router
from console.verify.published_video import published_video_router
from console.verify.soft_binding_resolution import resolution_router
from console.verify.verify_api import verify_router
from console.verify.verify_pages import verify_pages_router
from console.verify.verify_tools import verify_tools_router
from console.web.body_limit import BodyLimitMiddleware
from console.web.context import RequestContext
from console.web.error_responses import ErrorBody, OpenAIErrorBody, add_exception_handlers
from console.web.key_rates import AnswerHeadersMiddleware
from console.web.protocols import InstallationProtocol
from console.web.rate_limits import RateLimiter
from console.web.rendering import CONSOLE_FOLDER
from console.web.security_headers import SecurityHeadersMiddleware
from console.web.sessions import Sessions, load_session_secret
from pipeline.observability.running_version import running_version

_ABOUT = "Generation with screening, marks and signatures; moderation; and the public verifier."


_PAGE_ROUTERS = (
    end_user_pages_router,
    case_pages_router,
    queue_pages_router,
    queue_bulk_router,
    work_match_router,
    exposure_router,
    correction_router,
    appeal_pages_router,
    enrolment_review_router,
    wording_router,
    match_pages_router,
    overview_pages_router,
    policy_pages_router,
    platform_pages_router,
    cameo_pages_router,
    notice_pages_router,
    lease_pages_router,
    use_pages_router,
    takedown_pages_router,
    receipt_pages_router,
    people_pages_router,
    enrolment_router,
    consent_request_pages_router,
    found_pages_router,
    holder_pages_router,
    holder_match_pages_router,
    holder_review_router,
    transparency_router,
    record_router,
    creator_pages_router,
    report_pages_router,
    login_router,
    security_router,
    passkey_router,
    oidc_router,
)


def create_app(installation: InstallationProtocol) -> FastAPI:
    """The app over this house. Raises Unavailable when the session secret cannot be kept."""
    app = FastAPI(
        title="Assay",
        version=running_version(),
        description=_ABOUT,
        docs_url=None,  # FastAPI's own page loads its scripts from elsewhere; ours is in entrance.py
        redoc_url=None,
    )
    given = installation.settings.session_secret
    secret = given.get_secret_value() if given else load_session_secret(installation.settings.root)
    pace = RateLimiter(max_requests=installation.settings.lookups_per_minute)
    app.state.context = RequestContext(
        installation=installation,
        sessions=Sessions(
            accounts=installation.accounts,
            secret=secret,
            second_factor_roles=installation.settings.second_factor_roles,
        ),
        rate_limiter=pace,
    )
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(AnswerHeadersMiddleware)
    app.add_middleware(AllowedHostsMiddleware, settings=installation.settings)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(CompressionMiddleware)
    if installation.observation.metrics is not None:
        from console.request_metrics import RequestMetricsMiddleware

        app.add_middleware(RequestMetricsMiddleware, metrics=installation.observation.metrics)
    add_exception_handlers(app)
    openai_routers = (
        sync_router, characters_router, derived_videos_router, videos_router, moderations_router, models_router,
        guardrail_router, webhooks_router, creator_link_router, consent_asking_router,
    )  # fmt: skip
    for router in openai_routers:
        app.include_router(router, responses={"4XX": {"model": OpenAIErrorBody}})
    app.include_router(cases_router, responses={"4XX": {"model": ErrorBody}})
    for router in (
        cameo_router,
        portal_router,
        certificate_router,
        review_router,
        consent_request_router,
        found_router,
        consent_receipt_router,
        comparison_router,
        work_images_router,
        work_sounds_router,
        claims_api_router,
        claim_review_api_router,
        appeal_api_router,
        works_router,
        holder_matches_router,
        holders_router,
        keys_router,
        usage_router,
        report_api_router,
        end_users_router,
        verify_router,
        consent_api_router,
        resolution_router,
        manifest_upload_router,
        well_known_router,
    ):
        app.include_router(router, responses={"4XX": {"model": ErrorBody}})
    app.include_router(claim_pages_router)
    app.include_router(claim_proof_router)
    app.include_router(claim_review_router)
    for router in _PAGE_ROUTERS:
        app.include_router(router)
    for router in (
        verify_pages_router,
        consent_pages_router,
        published_video_router,
        verify_tools_router,
        browser_reader_router,
    ):
        app.include_router(router)
    if has_browser_reader(installation.settings):
        folder = browser_reader_folder(installation.settings)
        app.mount("/static/reader", StaticFiles(directory=folder))
    app.mount("/static", StaticFiles(directory=CONSOLE_FOLDER / "static"))
    return app
