"""What a pretraining job needs: memory, bytes on the wire, time, input.

    python tools/plan.py --devices=8 --device=a100 --batch=4096
    python tools/plan.py --device=cpu --batch=256 --resnet_depth=18
    python tools/plan.py --devices=128 --device=tpu_v3_core --batch=4096 \\
        --resnet_depth=152 --width_multiplier=3 --sk_ratio=0.0625

Arithmetic, not measurement: docs/scaling.md says how far it was checked.
"""

import argparse
import dataclasses
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

CPU = "cpu"
TOO_MUCH = "too much: see --remat, --gradient_cache_microbatch, 16 bits"


def main(arguments=None):
    from simclrv2_tf.console import quiet_start

    quiet_start.set_up_logging(verbosity=-1)
    quiet_start.load_tensorflow()
    from simclrv2_tf import scaling

    options = vars(parse_arguments(scaling, arguments))
    name = options.pop("device")
    device = device_of(scaling, name)
    efficiency = options.pop("efficiency")
    images = options.pop("images_per_host")
    try:
        if not 0 < efficiency <= 1:
            raise ValueError(
                f"`efficiency` must be in (0, 1]. Received: {efficiency}"
            )
        options["hosts"] = options["hosts"] or -(
            -options["devices"] // device.hosted
        )
        job = scaling.PlannedJob(**options)
        cpu = name == CPU
        plan = "\n".join(lines(scaling, job, device, efficiency, images, cpu))
    except ValueError as error:
        print(f"plan.py: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    print(plan)


def device_of(scaling, name):
    if name != CPU:
        return scaling.DEVICES[name]
    from simclrv2_tf.machine.cores import cores
    from simclrv2_tf.machine.free_memory import free_memory

    return scaling.this_machine(cores(), free_memory())


def parse_arguments(scaling, arguments):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--device",
        choices=sorted([CPU, *scaling.DEVICES]),
        default="a100",
        help="its speed, memory and wires (default: a100); cpu: this machine",
    )
    parser.add_argument(
        "--efficiency",
        type=float,
        default=scaling.EFFICIENCY,
        help="share of the device's speed that is reached, in (0, 1]",
    )
    parser.add_argument(
        "--images_per_host",
        type=float,
        default=0,
        help="images a second that a host can decode and crop; 0: unknown",
    )
    for field in dataclasses.fields(scaling.PlannedJob):
        add_field(parser, field)
    parser.set_defaults(hosts=0)
    return parser.parse_args(arguments)


def add_field(parser, field):
    """An option for a field of `Job`."""
    given = {"type": field.type}
    if field.type is bool:
        given = {"action": argparse.BooleanOptionalAction}
    parser.add_argument(
        f"--{field.name}",
        default=field.default,
        help=field.metadata["help"],
        **given,
    )


def lines(scaling, job, device, efficiency, images_per_host, cpu=False):
    """The plan for a person to read; `cpu` says that it is of this machine."""
    where = f"{counted(job.devices, 'device')}, {counted(job.hosts, 'host')}"
    yield f"{job.batch:,} images on {where}"
    yield f"{job.share:,} images a device, {job.at_a_time:,} at a time"
    yield ""
    yield from _memory_lines(scaling, job, device, cpu)
    yield ""
    yield from _wire_lines(scaling, job)
    yield ""
    yield from _time_lines(scaling, job, device, efficiency, images_per_host)


def counted(number, what):
    return f"{number:,} {what}" + "s" * (number != 1)


def _memory_lines(scaling, job, device, cpu):
    needed = scaling.memory(job)
    total = sum(needed.values())
    yield "memory of a device, GB"
    yield from table(needed, 1e9)
    if cpu:
        yield from on_this_machine(job, total, device.memory)
    else:
        room = verdict(total, device.memory)
        yield f"  of {device.memory / 1e9:.0f}: {room}"


def _wire_lines(scaling, job):
    yield "bytes that a device sends in a step, MB"
    yield from table(scaling.wire(job), 1e6)
    yield f"  in {scaling.collectives(job):,} collectives, one after another"


def _time_lines(scaling, job, device, efficiency, images_per_host):
    spent = scaling.seconds(job, device, efficiency)
    yield "milliseconds of a step"
    yield from table(spent, 1e-3)
    least = scaling.balance(job, device, efficiency)
    yield (
        f"  communication takes more than computing below {least:,.1f} "
        "images a device"
    )
    yield ""
    rate = job.batch / sum(spent.values())
    yield f"input: {rate:,.0f} images/s, {rate / job.hosts:,.0f} for each host"
    if images_per_host:
        slower = rate / job.hosts > images_per_host
        word = "the input is slower" if slower else "the input keeps up"
        yield f"  {word} at {images_per_host:,.0f} images/s of a host"


def table(values, unit):
    for name, value in values.items():
        yield f"  {name:<28}{value / unit:>12,.2f}"
    yield f"  {'in all':<28}{sum(values.values()) / unit:>12,.2f}"


def on_this_machine(job, total, free):
    """What a run expects of the host and whether it starts, as it judges it."""
    from simclrv2_tf.runs.hardware import memory_check

    local = job.devices // job.hosts
    peak = local * memory_check.GROWTH * total + memory_check.COMPILED
    expected = memory_check.Expected(peak, free, "on this machine")
    yield f"  {'a run expects at its peak':<28}{peak / 1e9:>12,.2f}"
    room = "it fits" if expected.fits else TOO_MUCH
    most = memory_check.MOST
    yield f"  of {free / 1e9:.1f} free, {most:.0%} of which it may take: {room}"


def verdict(total, memory):
    if total > memory:
        return TOO_MUCH
    if total > 0.8 * memory:
        return "little is left for the runtime and scratch space"
    return "it fits"


if __name__ == "__main__":
    main()
