"""Words of the trade: what engines, their parameters and their errors are about. None says anything of a person.

An engine's sentence is kept in these words (safe_reason), and a key of a parameter that is made of them alone need not
be screened (parameter_paths).
"""

from __future__ import annotations

TRADE_WORDS = frozenset(
    """
    a about above accept accepted accepts adapter after all allocate allocated allocation allowed already also an
    and any ar are argument as aspect at audio available backend bad batch batch_size be because before below
    between bf16 bit bitrate body body_format boundary boundary_ratio but by bytes cache can cannot cfg channels
    choose chunk clip codec combination condition conditioning config configured could cpu crf cuda currently decode
    decoding default denoising device did diffusion dimension dimensions disabled divisible do does duration each
    enabled encode encoder encoding engine error eta euler even every exceed exceeded exceeds expected ext
    extra_params fail failed failure failures fast field fields file fit flag flow flow_shift for form format found
    fp16 fp8 frame frames free from generate generated generation generator gib given got gpu greater guidance
    guidance_scale guidance_scale_2 h264 had has have height high higher image images implemented in incompatible
    index indexes inference input input_reference integer internal interval invalid is it its job json keep kernel
    key large larger latent latents least length less limit loaded lora low lower many mask max maximum may media
    memory message metadata method mib min minimum missing mode model models more most mp mp4 multiple must name
    negative negative_prompt new no non not null num num_frames num_inference_steps number object odd of off offered
    on one only option options or out output over overlap parameter parameters pass passed path per pipeline pixel
    pixels please positive precision preencode preset process profile prompt provided range rate ratio read reading
    ready received reduce reference refine request requested required requires reserved resize resolution running
    same sample sampler sampling scale scales sched scheduler second seconds seed seq server set shape shorter
    should sigma sigma_min sigmas size sizes slow small smaller some sound source speed start steps stop strategy
    strength stride string support supported supports task tensor text than that the there this threads tile tiled
    tiling time to together too total transformer tried true_cfg_scale try trying tune type ultrafast unable
    unexpected unknown unsupported use used using vae valid validation value values vary veryfast video videos
    vision vram wan was weight weights were when which while width window with within without worker wrong you your
    zero
    """.split()  # noqa: SIM905 - a list of three hundred quoted words is not read by anybody
)
