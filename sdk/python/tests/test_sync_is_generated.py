import subprocess
import sys
from pathlib import Path


def test_the_synchronous_client_is_what_the_generator_writes():
    script = Path(__file__).parent.parent / "scripts" / "generate_sync.py"
    result = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
