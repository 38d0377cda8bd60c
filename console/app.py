"""create_app(house): the whole web side of an installation, as one ASGI application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from console.answers import ErrorBody, OpenAIErrorBody, add_answers
from console.api import api
from console.cameo_api import cameo_api
from console.deposits import deposits, known
from console.enrolling import enrolling
from console.entrance import entrance
from console.gateway import gateway
from console.headers import SafeHeaders
from console.house import House
from console.likeness import likeness
from console.limits import SmallBodies
from console.moderations import moderations
from console.pace import Pace
from console.pages import pages
from console.policies import policies
from console.portal import portal
from console.public import public
from console.receipts import receipts, reviews
from console.rendering import HERE
from console.resolution import resolution
from console.room import Room
from console.sessions import Sessions, load_secret
from console.verifying import verifying

_ABOUT = "Generation with screening, marks and signatures; moderation; and the public verifier."


def create_app(house: House) -> FastAPI:
    """The app over this house. Raises Unavailable when the session secret cannot be kept."""
    app = FastAPI(
        title="Assay",
        version=_version(),
        description=_ABOUT,
        docs_url=None,  # FastAPI's own page loads its scripts from elsewhere; ours is in entrance.py
        redoc_url=None,
    )
    secret = load_secret(house.settings.root)
    pace = Pace(most=house.settings.lookups_per_minute)
    app.state.room = Room(house=house, sessions=Sessions(accounts=house.accounts, secret=secret), pace=pace)
    app.add_middleware(SmallBodies)
    app.add_middleware(SafeHeaders)
    add_answers(app)
    for router in (gateway, moderations):
        app.include_router(router, responses={"4XX": {"model": OpenAIErrorBody}})
    app.include_router(api, responses={"4XX": {"model": ErrorBody}})
    for router in (cameo_api, reviews, receipts, likeness, public, resolution, deposits, known):
        app.include_router(router, responses={"4XX": {"model": ErrorBody}})
    app.include_router(pages)
    app.include_router(policies)
    app.include_router(portal)
    app.include_router(enrolling)
    app.include_router(entrance)
    app.include_router(verifying)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    return app


def _version() -> str:
    try:
        return version("assay")
    except PackageNotFoundError:
        return "unpacked"
