"""Which fields of the config describe the network."""

BACKBONE = (
    "resnet_depth",
    "width_multiplier",
    "sk_ratio",
    "se_ratio",
    "image_size",
    "channels",
    "input_mean",
    "input_std",
)
HEADS = (
    "proj_head_mode",
    "num_proj_layers",
    "proj_out_dim",
    "ft_proj_selector",
)
# What weights do not show.
NORMALIZATION = ("batch_norm_decay", "global_bn")
ALL = BACKBONE + HEADS + NORMALIZATION
