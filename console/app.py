"""create_app(house): the whole web side of an installation, as one ASGI application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from console.allowed_hosts import AllowedHostsMiddleware
from console.cameo.cameo_api import cameo_router
from console.cameo.cameo_pages import cameo_pages_router
from console.cameo.consent_receipt_api import consent_receipt_router, review_router
from console.cameo.enrolment_pages import enrolment_router
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
from console.moderation.work_match_pages import work_match_router
from console.platform.comparison_api import comparison_router
from console.platform.keys_api import keys_router
from console.platform.platform_pages import platform_pages_router
from console.platform.policy_pages import policy_pages_router
from console.platform.usage_api import usage_router
from console.platform.webhooks_api import webhooks_router
from console.rights.work_images_api import work_images_router
from console.verify.manifest_upload import manifest_upload_router, well_known_router
from console.verify.soft_binding_resolution import resolution_router
from console.verify.verify_api import verify_router
from console.verify.verify_pages import verify_pages_router
from console.web.body_limit import BodyLimitMiddleware
from console.web.context import RequestContext
from console.web.error_responses import ErrorBody, OpenAIErrorBody, add_exception_handlers
from console.web.key_rates import AnswerHeadersMiddleware
from console.web.protocols import InstallationProtocol
from console.web.rate_limits import RateLimiter
from console.web.rendering import CONSOLE_FOLDER
from console.web.security_headers import SecurityHeadersMiddleware
from console.web.sessions import Sessions, load_session_secret

_ABOUT = "Generation with screening, marks and signatures; moderation; and the public verifier."


def create_app(installation: InstallationProtocol) -> FastAPI:
    """The app over this house. Raises Unavailable when the session secret cannot be kept."""
    app = FastAPI(
        title="Assay",
        version=_version(),
        description=_ABOUT,
        docs_url=None,  # FastAPI's own page loads its scripts from elsewhere; ours is in entrance.py
        redoc_url=None,
    )
    secret = load_session_secret(installation.settings.root)
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
    add_exception_handlers(app)
    openai_routers = (
        sync_router, characters_router, derived_videos_router, videos_router, moderations_router, models_router,
        guardrail_router, webhooks_router,
    )  # fmt: skip
    for router in openai_routers:
        app.include_router(router, responses={"4XX": {"model": OpenAIErrorBody}})
    app.include_router(cases_router, responses={"4XX": {"model": ErrorBody}})
    for router in (
        cameo_router,
        review_router,
        consent_receipt_router,
        comparison_router,
        work_images_router,
        keys_router,
        usage_router,
        verify_router,
        resolution_router,
        manifest_upload_router,
        well_known_router,
    ):
        app.include_router(router, responses={"4XX": {"model": ErrorBody}})
    app.include_router(case_pages_router)
    app.include_router(work_match_router)
    app.include_router(policy_pages_router)
    app.include_router(platform_pages_router)
    app.include_router(cameo_pages_router)
    app.include_router(enrolment_router)
    app.include_router(login_router)
    app.include_router(security_router)
    app.include_router(passkey_router)
    app.include_router(oidc_router)
    app.include_router(verify_pages_router)
    app.mount("/static", StaticFiles(directory=CONSOLE_FOLDER / "static"))
    return app


def _version() -> str:
    try:
        return version("assay")
    except PackageNotFoundError:
        return "unpacked"
