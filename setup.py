"""Metadata is in setup.cfg; here the recipes of flags/ join the package."""

import pathlib
import shutil

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithRecipes(build_py):
    """Copies flags/*.cfg to simclrv2_tf/flagfiles/ of what is built."""

    def run(self):
        super().run()
        if self.editable_mode:  # the checkout's own are found
            return
        target = pathlib.Path(self.build_lib, "simclrv2_tf", "flagfiles")
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(pathlib.Path("flags").glob("*.cfg")):
            shutil.copyfile(path, target / path.name)


setup(cmdclass={"build_py": BuildWithRecipes})
