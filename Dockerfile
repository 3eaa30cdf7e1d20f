# Training, evaluation and export. On the CPU:
#
#   docker build --tag simclrv2 .
#   mkdir -p runs
#   docker run --rm --user "$(id -u)" \
#     -v "$PWD/images:/data:ro" -v "$PWD/runs:/runs" \
#     simclrv2 --train_mode=semi_supervised --dataset=folder:/data \
#     --labels_per_class=5 --model_dir=/runs/mine
#
# On NVIDIA GPUs build with CUDA, and give the container the GPUs:
#
#   docker build --build-arg EXTRA='[cuda]' --tag simclrv2 .
#   docker run --rm --gpus all --user "$(id -u)" \
#     -v "$PWD/images:/data:ro" -v "$PWD/runs:/runs" \
#     simclrv2 --train_mode=semi_supervised --dataset=folder:/data \
#     --labels_per_class=5 --model_dir=/runs/mine
#
# TensorFlow's CUDA wheels bring their libraries. The host needs the driver, and
# NVIDIA's Container Toolkit for --gpus.
FROM python:3.12-slim AS build
WORKDIR /source
COPY setup.py setup.cfg pyproject.toml MANIFEST.in README.md LICENSE ./
COPY CHANGELOG.md CONTRIBUTING.md SECURITY.md ./
COPY flags ./flags
COPY examples ./examples
COPY simclrv2_tf ./simclrv2_tf
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
ARG EXTRA=""
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/simclrv2_tf-*.whl)$EXTRA" \
    && rm -r /wheels \
    && useradd --create-home trainer \
    && install --directory --owner=trainer /runs
USER trainer
WORKDIR /home/trainer
VOLUME /runs
# SIGTERM ends a run after the step, with a checkpoint and exit code 42.
STOPSIGNAL SIGTERM
ENTRYPOINT ["simclrv2"]
CMD ["--help"]
