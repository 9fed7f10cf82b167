package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Certificates;
import io.github.smartpayoauthmock.internal.ControlClient;
import io.github.smartpayoauthmock.internal.Json;
import io.github.smartpayoauthmock.internal.RealmClient;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What is behind a {@link SmartpayMock}: a server of its own, or a realm.
 *
 * @param realm the control API
 * @param realmName the name of the realm
 * @param baseUrl the URL, without a slash at the end
 * @param authorizeUrl where browsers are sent
 * @param certificates null without HTTPS
 * @param realmFixtures the fixtures of realms that are given none; null for those of the server
 * @param end ends it
 */
record Backend(
    RealmClient realm,
    String realmName,
    URI baseUrl,
    URI authorizeUrl,
    Certificates certificates,
    String realmFixtures,
    Runnable end) {

  private static final String AUTHORIZE_PATH = "/ebc2/oauth/authorize";

  /** The name of a realm is part of host names, and has at most 63 characters. */
  private static final int MAX_NAME_LENGTH = 63;

  static URI authorizeUrl(Object base) {
    return URI.create(base + AUTHORIZE_PATH);
  }

  /** Creates a realm of this server, with a port of its own. */
  Backend newRealm(RealmOptions options) {
    String name = uniqueName(options.label());
    String path = "/_mock/realms/" + name;
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("listen", true);
    String fixtures = options.fixtures().orElse(realmFixtures);
    if (fixtures != null) {
      body.put("fixtures", fixtures);
    }

    ControlClient control = realm.control();
    Map<String, Object> created = control.call("PUT", path, body);
    String scheme = baseUrl.getScheme();
    if (created.get(scheme) == null) {
      remove(control, path);
      throw new SmartpayMockException("the server gives a realm no port of its own for " + scheme);
    }
    URI base = URI.create(Json.text(created, scheme));
    boolean hasPortal = !authorizeUrl.equals(authorizeUrl(baseUrl));
    URI authorize =
        hasPortal ? URI.create(Json.text(created, "authorize_url")) : authorizeUrl(base);
    return new Backend(
        new RealmClient(control, name),
        name,
        base,
        authorize,
        certificates,
        realmFixtures,
        () -> remove(control, path));
  }

  /** Returns the same with something that is done after its end. */
  Backend andThen(Runnable then) {
    Runnable both =
        () -> {
          end.run();
          then.run();
        };
    return new Backend(
        realm, realmName, baseUrl, authorizeUrl, certificates, realmFixtures, both);
  }

  private static void remove(ControlClient control, String path) {
    try {
      control.call("DELETE", path, null);
    } catch (NoSuchElementException | SmartpayMockException e) {
      // It is gone already, perhaps with its server.
    }
  }

  private static String uniqueName(String label) {
    // Eight hexadecimal digits.
    String suffix = "-" + Long.toHexString(ThreadLocalRandom.current().nextLong(1L << 28, 1L << 32));
    String start =
        label.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]+", "-").replaceAll("^-+|-+$", "");
    int length = Math.min(start.length(), MAX_NAME_LENGTH - suffix.length());
    return (start.isEmpty() ? "realm" : start.substring(0, length)) + suffix;
  }
}
