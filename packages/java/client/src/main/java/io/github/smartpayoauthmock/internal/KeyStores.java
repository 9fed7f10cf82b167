package io.github.smartpayoauthmock.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Makes key stores and SSL contexts in memory, from PEM files. */
public final class KeyStores {
  /** The password of each key store. */
  public static final String PASSWORD = "changeit";

  private KeyStores() {}

  /** Returns a key store that trusts the certificates of a file. */
  public static KeyStore trusting(Path caFile) {
    try {
      KeyStore store = empty();
      int number = 0;
      for (Certificate certificate : Pem.certificates(Files.readString(caFile))) {
        store.setCertificateEntry("ca-" + number++, certificate);
      }
      return store;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(caFile + ": " + e.getMessage(), e);
    }
  }

  /** Returns a key store with a certificate and its key. */
  public static KeyStore of(Path certificateFile, Path keyFile) {
    try {
      Certificate[] chain =
          Pem.certificates(Files.readString(certificateFile)).toArray(new Certificate[0]);
      KeyStore store = empty();
      store.setKeyEntry(
          "client", Pem.key(Files.readString(keyFile)), PASSWORD.toCharArray(), chain);
      return store;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          certificateFile + ", " + keyFile + ": " + e.getMessage(), e);
    }
  }

  /** Returns a context that trusts a CA and presents a certificate; {@code keys} may be null. */
  public static SSLContext context(KeyStore trust, KeyStore keys) {
    try {
      TrustManagerFactory trustManagers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trustManagers.init(trust);
      KeyManager[] keyManagers = null;
      if (keys != null) {
        KeyManagerFactory factory =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD.toCharArray());
        keyManagers = factory.getKeyManagers();
      }

      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers, trustManagers.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot make an SSLContext: " + e.getMessage(), e);
    }
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
