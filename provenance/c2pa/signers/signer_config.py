"""Which signer an installation uses, and what each is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import BadInput
from core.plugins import SIGNERS, check_implements, find_plugin
from provenance.c2pa.signers import BUNDLED_SIGNERS
from provenance.c2pa.signers.signer import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerConfig:
    """Where the signing key is, and the time-stamping authority if one is used.

    `kind` is the name of a registered signer. `module`, `token` and `secret` (its PIN) are for pkcs11; `url`, `secret`
    (a bearer token) and `timeout` in seconds for services. Which of a service's keys is used is said in the keys
    folder, next to the certificates it belongs to.
    """

    kind: str = "file"
    module: Path | None = None
    token: str = ""
    url: str = ""
    secret: str = field(default="", repr=False)
    timeout: float = 10.0
    tsa_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFiles:
    """What the keys folder holds for a signer.

    `chain` is the certificates (PEM, leaf first); `key_id` is the key's name at its service, from `signer.key-id`, or
    empty.
    """

    folder: Path
    chain: str
    key_id: str = ""

    def require_key_id(self, kind: str) -> str:
        """Raises BadInput if no key is named."""
        if not self.key_id:
            raise BadInput(f"signer = {kind} needs the key's name there, in the keys folder as signer.key-id")
        return self.key_id


def make_signer(config: SignerConfig, files: SignerFiles) -> Signer:
    """The signer of this kind. Raises BadInput for what is not said, PluginError for a kind that is not known."""
    plugin = find_plugin(SIGNERS, config.kind, BUNDLED_SIGNERS)
    from_config: Callable[[SignerConfig, SignerFiles], Signer] = plugin.load()
    signer = from_config(config, files)
    check_implements(plugin, signer, Signer)
    return signer
