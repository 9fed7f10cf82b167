package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.FixtureText;
import java.nio.file.Path;
import java.util.List;

/** Sets the fixtures and options of a server. */
public final class SmartpayMockBuilder {
  String fixtures;
  List<Path> fixtureFiles = List.of();
  boolean usesTls;
  ClientAuth clientAuth = ClientAuth.OFF;
  List<String> args = List.of();

  SmartpayMockBuilder() {}

  /**
   * Sets the fixtures. Default: the built-in ones.
   *
   * @param yaml the fixtures, in YAML or JSON
   * @return this builder
   */
  public SmartpayMockBuilder fixtures(String yaml) {
    fixtures = FixtureText.of(yaml);
    fixtureFiles = List.of();
    return this;
  }

  /**
   * Sets the fixtures to the content of files and folders. Later ones override earlier ones.
   *
   * @param files files and folders with YAML or JSON
   * @return this builder
   */
  public SmartpayMockBuilder fixtures(Path... files) {
    fixtures = null;
    fixtureFiles = List.of(files);
    return this;
  }

  /**
   * Serves HTTPS: the URLs are https, and there are certificates. Control calls need none.
   *
   * @return this builder
   */
  public SmartpayMockBuilder tls() {
    usesTls = true;
    return this;
  }

  /**
   * Sets whether the server asks for client certificates. This needs {@link #tls}.
   *
   * @param clientAuth whether it asks
   * @return this builder
   */
  public SmartpayMockBuilder clientAuth(ClientAuth clientAuth) {
    this.clientAuth = clientAuth;
    return this;
  }

  /**
   * Sets more options of the command line.
   *
   * @param args such as {@code "--journal-size", "100"}
   * @return this builder
   */
  public SmartpayMockBuilder args(String... args) {
    this.args = List.of(args);
    return this;
  }

  /**
   * Starts the server.
   *
   * @return the mock, which has to be closed
   * @throws IllegalArgumentException if an option is invalid, or the fixtures have an error
   * @throws SmartpayMockException if it cannot start
   */
  public SmartpayMock start() {
    return new SmartpayMock(ServerStart.start(this), null);
  }
}
