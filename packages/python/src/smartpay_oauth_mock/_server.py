"""`MockAuthServer`: a server for tests."""

from __future__ import annotations

import os

from ._fixtures import as_file
from ._handle import MockHandle
from ._scratch import make_folder, remove_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from typing_extensions import Self

    from ._fixtures import Fixtures
    from ._process import ServerProcess

    ClientAuth = Literal["off", "optional", "required"]

# Names a server that runs already.
SERVER_VARIABLE = "SMARTPAY_MOCK_SERVER"
TOKEN_VARIABLE = "SMARTPAY_MOCK_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
# The CA of that server, and a client certificate for it.
CA_VARIABLE = "SMARTPAY_MOCK_CA"
CERTIFICATE_VARIABLES = ("SMARTPAY_MOCK_CERT", "SMARTPAY_MOCK_KEY")


class MockAuthServer(MockHandle):
    """A mock of the authorization server, on a free port of this machine.

    Use it with `with`, or call `start` and `stop`. `SMARTPAY_MOCK_SERVER` names a server that runs
    already; then this is a new realm there.
    """

    def __init__(
        self,
        fixtures: Fixtures | None = None,
        *,
        tls: bool = False,
        client_auth: ClientAuth = "off",
        args: Sequence[str] = (),
    ) -> None:
        """Take fixtures (YAML text, a dict or a Path) and options; the server does not start yet.

        `tls` serves HTTPS, `client_auth` asks for client certificates, and `args` are more options
        of the command line.
        """
        super().__init__()
        if isinstance(args, str):
            raise TypeError(f"args: a list is expected, such as [{args!r}]")
        self._fixtures = fixtures
        self._uses_tls = tls
        self._client_auth = client_auth
        self._args = list(args)
        self._process: ServerProcess | None = None
        self._tls_folder: str | None = None
        # The name of the realm, if the server was started by somebody else.
        self._realm_name: str | None = None

    def start(self) -> Self:
        """Start the server. Return it when it accepts requests.

        Raises ValueError for invalid options or fixtures, and OSError if it cannot start: the
        program is missing (FileNotFoundError), or a port is taken.
        """
        if self._running is not None:
            raise RuntimeError("the server runs already")
        url = os.environ.get(SERVER_VARIABLE)
        if url:
            self._attach(url)
        else:
            self._launch()
        return self

    def __enter__(self) -> Self:
        return self.start() if self._running is None else self

    def _launch(self) -> None:
        """Start a process."""
        folder = make_folder()
        try:
            process, urls = self._launch_in(folder)
        except BaseException:
            remove_folder(folder)
            self._remove_tls_folder()
            raise

        from ._control import Control  # noqa: PLC0415
        from ._realm_client import RealmClient  # noqa: PLC0415

        self._process = process
        self._base_url = (urls["https"] if self._uses_tls else urls["http"]) or ""
        self._portal_url = urls.get("portal")
        token = self._value_of("--control-token")
        control = Control(urls["http"] or "", token=token, explain=process.explain)
        self._running = RealmClient(control, None)

    def _launch_in(self, folder: str) -> tuple[ServerProcess, dict[str, str | None]]:
        """Start a process with a folder for its files. Return it with its URLs when it is ready."""
        from ._process import ServerProcess  # noqa: PLC0415

        arguments = [*self._options(), *self._args]
        if self._fixtures is not None:
            arguments += ["--fixtures", as_file(self._fixtures, folder)]
        process = ServerProcess(arguments, folder)
        try:
            # These modules are imported while the server starts.
            from . import _control  # noqa: F401, PLC0415

            return process, process.wait_until_ready()
        except BaseException:
            process.stop()
            raise

    def _options(self) -> list[str]:
        """Return the options of the command line, but for those among `args`."""
        options = {"--listen": "127.0.0.1:0"}
        if self._client_auth != "off":
            options["--client-auth"] = self._client_auth
        if self._uses_tls:
            from ._tls import TlsFiles  # noqa: PLC0415 - few servers need it

            self._tls_folder = make_folder()
            folder = self._value_of("--tls-dir") or self._tls_folder
            self._tls = TlsFiles(folder)
            options |= {"--tls-listen": "127.0.0.1:0", "--tls-dir": folder}
        return [f"{name}={value}" for name, value in options.items() if not self._value_of(name)]

    def _value_of(self, option: str) -> str | None:
        """Return the value of an option among `args`."""
        for position, argument in enumerate(self._args):
            if argument == option and position + 1 < len(self._args):
                return self._args[position + 1]
            if argument.startswith(f"{option}="):
                return argument[len(option) + 1 :]
        return None

    def _attach(self, url: str) -> None:
        """Take a realm on a server that runs already."""
        from ._control import Control  # noqa: PLC0415
        from ._realm import create_realm, unique_name  # noqa: PLC0415
        from ._realm_client import RealmClient  # noqa: PLC0415

        self._refuse_options(url)
        ca_file = os.environ.get(CA_VARIABLE)
        certificate, key = (os.environ.get(name) for name in CERTIFICATE_VARIABLES)
        if ca_file:
            from ._tls import GivenTlsFiles  # noqa: PLC0415 - few servers need it

            self._tls = GivenTlsFiles(ca_file, certificate, key)

        control = Control(
            url.split("/realms/", maxsplit=1)[0],
            token=os.environ.get(TOKEN_VARIABLE),
            ca_file=ca_file,
            certificate=(certificate, key) if certificate else None,
            explain=lambda error: f"{SERVER_VARIABLE}: there is no server at {url}: {error}",
        )
        name = unique_name("python")
        try:
            created = create_realm(control, name, self._fixtures)
        except BaseException:
            control.close()
            raise
        self._realm_name = name
        self._base_url = created["https" if url.startswith("https:") else "http"]
        self._running = RealmClient(control, name)

    def _refuse_options(self, url: str) -> None:
        """Refuse options that only a new server could have."""
        given = {
            "tls": self._uses_tls,
            "client_auth": self._client_auth != "off",
            "args": bool(self._args),
        }
        for option, is_given in given.items():
            if is_given:
                raise ValueError(
                    f"{option}: only a new server can have this option, but {SERVER_VARIABLE} "
                    f"names one that runs already ({url})"
                )

    def _realm_fixtures(self, fixtures: Fixtures | None) -> Fixtures | None:
        # The fixtures of a server of our own are those of its realms by default.
        is_attached = self._realm_name is not None
        return self._fixtures if fixtures is None and is_attached else fixtures

    def _end(self) -> None:
        control = self._realm.control
        if self._realm_name is not None:
            from ._realm import remove_realm  # noqa: PLC0415

            remove_realm(control, self._realm_name)
        control.close()
        if self._process is not None:
            self._process.stop()
            self._process = None
        self._remove_tls_folder()

    def _remove_tls_folder(self) -> None:
        self._tls = None
        if self._tls_folder is not None:
            remove_folder(self._tls_folder)
            self._tls_folder = None
