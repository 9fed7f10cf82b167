package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Certificates;
import io.github.smartpayoauthmock.internal.ControlClient;
import io.github.smartpayoauthmock.internal.Environment;
import io.github.smartpayoauthmock.internal.Json;
import io.github.smartpayoauthmock.internal.RealmClient;
import io.github.smartpayoauthmock.internal.ServerProcess;
import io.github.smartpayoauthmock.internal.TemporaryFolder;
import io.github.smartpayoauthmock.internal.WarmUp;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts a server of our own. */
final class ServerStart {
  private final SmartpayMockBuilder options;

  private ServerStart(SmartpayMockBuilder options) {
    this.options = options;
  }

  /** Starts a server, or takes a realm on the server that the environment names. */
  static Backend start(SmartpayMockBuilder options) {
    String url = Environment.get(Environment.SERVER);
    return url == null ? new ServerStart(options).launch() : RunningServer.newRealm(url, options);
  }

  private Backend launch() {
    WarmUp.begin();
    TemporaryFolder tlsFolder = null;
    boolean isStarted = false;
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      tlsFolder = options.usesTls ? TemporaryFolder.create() : null;
      Backend backend = launchIn(folder, tlsFolder);
      isStarted = true;
      return backend;
    } catch (IOException e) {
      throw new SmartpayMockException("cannot write temporary files: " + e, e);
    } finally {
      if (!isStarted && tlsFolder != null) {
        tlsFolder.close();
      }
    }
  }

  private Backend launchIn(TemporaryFolder folder, TemporaryFolder tlsFolder) throws IOException {
    Path tlsPath = tlsFolder == null ? null : tlsFolder.path();
    if (tlsPath != null && valueOf("--tls-dir") != null) {
      tlsPath = Path.of(valueOf("--tls-dir")).toAbsolutePath();
    }
    ServerProcess process = new ServerProcess(arguments(folder.path(), tlsPath), folder);
    try {
      Map<String, Object> urls = process.waitUntilReady();
      Certificates certificates =
          tlsPath == null ? null : Certificates.ofNewServer(tlsPath, tlsFolder);
      return backend(process, urls, certificates);
    } catch (RuntimeException e) {
      process.stop();
      throw e;
    }
  }

  private Backend backend(
      ServerProcess process, Map<String, Object> urls, Certificates certificates) {
    if (urls.get("http") == null) {
      throw new IllegalArgumentException(
          "args: the control calls need HTTP; leave out --listen off");
    }
    String http = Json.text(urls, "http");
    String base = options.usesTls ? Json.text(urls, "https") : http;
    ControlClient control =
        new ControlClient(URI.create(http), null, valueOf("--control-token"), process::explain);
    return new Backend(
        new RealmClient(control, null),
        "default",
        URI.create(base),
        Backend.authorizeUrl(Json.optionalText(urls, "portal").orElse(base)),
        certificates,
        null,
        () -> {
          control.close();
          process.stop();
          if (certificates != null) {
            certificates.close();
          }
        });
  }

  /** Returns the options of the command line. Those among {@code args} replace ours. */
  private List<String> arguments(Path folder, Path tlsFolder) throws IOException {
    List<String> arguments = new ArrayList<>(options.args);
    addUnlessGiven(arguments, "--listen", "127.0.0.1:0");
    if (tlsFolder != null) {
      addUnlessGiven(arguments, "--tls-listen", "127.0.0.1:0");
      addUnlessGiven(arguments, "--tls-dir", tlsFolder.toString());
    }
    if (options.clientAuth != ClientAuth.OFF) {
      addUnlessGiven(arguments, "--client-auth", options.clientAuth.toString());
    }

    for (Path file : options.fixtureFiles) {
      if (!Files.exists(file)) {
        throw new IllegalArgumentException(
            "fixtures: there is no file or folder " + file.toAbsolutePath());
      }
      arguments.add("--fixtures=" + file.toAbsolutePath());
    }
    if (options.fixtures != null) {
      Path file = Files.writeString(folder.resolve("fixtures.yaml"), options.fixtures);
      arguments.add("--fixtures=" + file);
    }
    return arguments;
  }

  private void addUnlessGiven(List<String> arguments, String option, String value) {
    if (valueOf(option) == null) {
      arguments.add(option + "=" + value);
    }
  }

  /** Returns the value of an option among {@code args}, or null. */
  private String valueOf(String option) {
    for (int i = 0; i < options.args.size(); i++) {
      String argument = options.args.get(i);
      if (argument.startsWith(option + "=")) {
        return argument.substring(option.length() + 1);
      }
      if (argument.equals(option) && i + 1 < options.args.size()) {
        return options.args.get(i + 1);
      }
    }
    return null;
  }
}
