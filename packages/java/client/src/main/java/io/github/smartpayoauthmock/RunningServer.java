package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Certificates;
import io.github.smartpayoauthmock.internal.ControlClient;
import io.github.smartpayoauthmock.internal.Environment;
import io.github.smartpayoauthmock.internal.FixtureText;
import io.github.smartpayoauthmock.internal.KeyStores;
import io.github.smartpayoauthmock.internal.RealmClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** Takes a realm on the server that {@code SMARTPAY_MOCK_SERVER} names. */
final class RunningServer {
  private RunningServer() {}

  static Backend newRealm(String url, SmartpayMockBuilder options) {
    URI server = serverUrl(url);
    refuseOptions(url, options);

    Path ca = path(Environment.CA);
    Path certificate = path(Environment.CERTIFICATE);
    Path key = path(Environment.KEY);
    Certificates certificates = ca == null ? null : Certificates.given(ca, certificate, key);
    boolean isHttps = "https".equals(server.getScheme());
    ControlClient control =
        new ControlClient(
            server,
            isHttps ? context(ca, certificate, key) : null,
            Environment.get(Environment.CONTROL_TOKEN),
            error -> explain(url, error));

    Runnable end =
        () -> {
          control.close();
          if (certificates != null) {
            certificates.close();
          }
        };
    Backend whole =
        new Backend(
            new RealmClient(control, null),
            "default",
            server,
            Backend.authorizeUrl(server),
            certificates,
            fixtures(options),
            end);
    try {
      return whole.newRealm(RealmOptions.DEFAULTS.label("java")).andThen(end);
    } catch (RuntimeException e) {
      end.run();
      throw e;
    }
  }

  private static URI serverUrl(String url) {
    try {
      // The URL of a realm means its server.
      URI server = URI.create(url.split("/realms/", 2)[0]);
      boolean isHttp = "http".equals(server.getScheme()) || "https".equals(server.getScheme());
      if (isHttp && server.getHost() != null) {
        return server;
      }
    } catch (IllegalArgumentException e) {
      // The text below says it better.
    }
    throw new IllegalArgumentException(
        Environment.SERVER + ": \"" + url + "\" is not a URL such as http://127.0.0.1:8080");
  }

  /** Refuses options that only a new server could have. */
  private static void refuseOptions(String url, SmartpayMockBuilder options) {
    Map<String, Boolean> given = new LinkedHashMap<>();
    given.put("tls", options.usesTls);
    given.put("clientAuth", options.clientAuth != ClientAuth.OFF);
    given.put("args", !options.args.isEmpty());
    given.forEach(
        (option, isGiven) -> {
          if (isGiven) {
            throw new IllegalArgumentException(
                option
                    + ": only a new server can have this option, but "
                    + Environment.SERVER
                    + " names one that runs already ("
                    + url
                    + ")");
          }
        });
  }

  private static String fixtures(SmartpayMockBuilder options) {
    if (options.fixtureFiles.size() > 1) {
      throw new IllegalArgumentException(
          "fixtures: only a new server merges several files, but "
              + Environment.SERVER
              + " names one that runs already");
    }
    return options.fixtureFiles.isEmpty()
        ? options.fixtures
        : FixtureText.of(options.fixtureFiles.get(0));
  }

  private static SSLContext context(Path ca, Path certificate, Path key) {
    KeyStore trust = ca == null ? null : KeyStores.trusting(ca);
    boolean hasCertificate = certificate != null && key != null;
    return KeyStores.context(trust, hasCertificate ? KeyStores.of(certificate, key) : null);
  }

  private static Path path(String variable) {
    String value = Environment.get(variable);
    return value == null ? null : Path.of(value);
  }

  private static String explain(String url, IOException error) {
    if (error instanceof SSLException) {
      return Environment.SERVER
          + ": the TLS handshake with "
          + url
          + " fails; name its CA in "
          + Environment.CA
          + ", and a client certificate, if it asks for one, in "
          + Environment.CERTIFICATE
          + " and "
          + Environment.KEY
          + ": "
          + error;
    }
    return Environment.SERVER + ": there is no server at " + url + ": " + error;
  }
}
