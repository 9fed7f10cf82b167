package io.github.smartpayoauthmock.junit;

import io.github.smartpayoauthmock.ClientAuth;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.SmartpayMockBuilder;
import java.util.List;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/** The options of a server. Tests with the same ones share it. */
record ServerOptions(boolean tls, ClientAuth clientAuth, List<String> args) {
  private static final Namespace NAMESPACE = Namespace.create(ServerOptions.class);

  /** Returns the server with these options, which ends with the test run. */
  SmartpayMock server(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(
            this, options -> new SharedServer(options.start()), SharedServer.class)
        .server();
  }

  private SmartpayMock start() {
    SmartpayMockBuilder builder =
        SmartpayMock.builder().clientAuth(clientAuth).args(args.toArray(new String[0]));
    return (tls ? builder.tls() : builder).start();
  }

  private record SharedServer(SmartpayMock server) implements CloseableResource, AutoCloseable {
    @Override
    public void close() {
      server.stop();
    }
  }
}
