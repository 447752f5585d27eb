"""A real Slurm with two nodes on this machine, in a folder of its own: munge, slurmctld and two slurmd.

python tests/slurm/slurm_cluster.py     starts one, runs a shell in it, and stops it
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge/munge.socket
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool-%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd-%n.pid
SlurmctldLogFile={root}/log/ctld.log
SlurmdLogFile={root}/log/slurmd-%n.log
SlurmctldPort={ports[0]}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
JobRequeue=1
KillWait=5
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def missing() -> str:
    """Say why no Slurm can run here; "" if one can."""
    if os.geteuid() != 0:
        return "Slurm's daemons need root here"
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return (
        f"not installed: {', '.join(absent)} (Debian: slurmctld slurmd slurm-client munge)" if absent else ""
    )


@contextlib.contextmanager
def slurm(root: Path):
    """Start the daemons; yield the environment in which sbatch and the others reach them."""
    for name in ("munge", "state", "log", "spool-n1", "spool-n2"):
        (root / name).mkdir(parents=True)
    (root / "munge").chmod(0o700)
    key = root / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    conf = root / "slurm.conf"
    conf.write_text(CONF.format(root=root, host=socket.gethostname(), ports=_free_ports(3)))
    env = {**os.environ, "SLURM_CONF": str(conf)}
    munge = [
        f"--{name}={root}/munge/munged.{end}" for name, end in (("pid-file", "pid"), ("log-file", "log"))
    ]
    munge += [f"--key-file={key}", f"--socket={root}/munge/munge.socket", f"--seed-file={root}/munge/seed"]
    try:
        for command in (["munged", *munge, "--force"], ["slurmctld", "-c"], ["slurmd", "-N", "n1"]):
            subprocess.run(command, env=env, check=True, capture_output=True)
        subprocess.run(["slurmd", "-N", "n2"], env=env, check=True, capture_output=True)
        _wait_for_nodes(env)
        yield env
    finally:
        for name in ("slurmd-n1.pid", "slurmd-n2.pid", "slurmctld.pid", "munge/munged.pid"):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int((root / name).read_text()), signal.SIGTERM)


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait_for_nodes(env: dict[str, str]) -> None:
    deadline = time.monotonic() + 60
    while True:
        command = ["sinfo", "--noheader", "--format", "%T %D"]
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout
        if said.split() == ["idle", "2"]:
            return
        assert time.monotonic() < deadline, said
        time.sleep(0.5)


if __name__ == "__main__":
    if missing():
        raise SystemExit(missing())
    with tempfile.TemporaryDirectory() as folder, slurm(Path(folder)) as environment:
        subprocess.run([os.environ.get("SHELL", "/bin/sh")], env=environment, check=False)
