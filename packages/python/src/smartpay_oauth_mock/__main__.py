"""`python -m smartpay_oauth_mock` runs the program with the same arguments."""

import subprocess
import sys

from ._binary import find_binary

sys.exit(subprocess.call([find_binary(), *sys.argv[1:]]))
