package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.auth.AuthObserver;
import io.github.pgwatchrpc.rpc.auth.KeyAuthenticator;
import io.github.pgwatchrpc.rpc.auth.KeyFile;
import io.github.pgwatchrpc.rpc.auth.KeyFileException;
import io.github.pgwatchrpc.rpc.auth.KeyHash;
import io.github.pgwatchrpc.rpc.auth.KeyRing;
import io.github.pgwatchrpc.rpc.auth.KeySource;
import io.github.pgwatchrpc.rpc.auth.KeyUsage;
import io.github.pgwatchrpc.rpc.auth.NamedKey;
import io.github.pgwatchrpc.rpc.auth.Network;
import io.github.pgwatchrpc.rpc.auth.Password;
import io.github.pgwatchrpc.rpc.auth.ReloadingKeys;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who may call, as the options say: opens the files of keys and puts the authenticator together. */
final class Access {

    /** The file of the receiver's own key in the data directory. */
    static final String OWN_KEY = "api-key";

    private static final Logger LOG = LoggerFactory.getLogger(Access.class);
    private static final Logger AUDIT = LoggerFactory.getLogger(KeyAuthenticator.AUDIT);

    /** All that there is where a key counts at all. */
    private record Guard(KeyAuthenticator authenticator, ReloadingKeys keys, KeyFile file) {}

    private final Auth mode;
    private final List<Network> trusted;
    private final @Nullable Guard guard;

    private Access(Auth mode, List<Network> trusted, @Nullable Guard guard) {
        this.mode = mode;
        this.trusted = trusted;
        this.guard = guard;
    }

    /**
     * Opens the files, and makes the receiver's own key.
     *
     * @throws ConfigException if an option or a file cannot be used
     */
    static Access open(ServeOptions options, Path data, AuthObserver observer) throws ConfigException {
        check(options);
        List<Network> trusted = networks(options.trust);
        if (options.auth == Auth.NONE) {
            LOG.warn("--auth none: WHOEVER REACHES THE PORT CAN SEND MEASUREMENTS, under any name");
            AUDIT.warn("start auth=none");
            return new Access(Auth.NONE, trusted, null);
        }
        if (!trusted.isEmpty()) {
            LOG.warn("--trust: whoever calls from {} needs no key", trusted);
            AUDIT.warn("start auth={} trust={}", options.auth.name().toLowerCase(Locale.ROOT), trusted);
        }
        givenFiles(options);
        try {
            KeyFile file = options.apiKeyFile == null
                    ? KeyFile.own(data.resolve(OWN_KEY), options.apiKey == ApiKeyMode.KEEP, new SecureRandom())
                    : KeyFile.given(options.apiKeyFile);
            List<KeySource> sources = new ArrayList<>(List.of(file));
            if (options.keys != null) {
                sources.add(new KeyRing(options.keys));
            }
            String password = options.serverPassword;
            if (password != null) {
                warnOfWeakness(password);
                NamedKey fixed = NamedKey.unlimited(options.serverUsername, KeyHash.of(password), NamedKey.Users.NAME);
                sources.add(() -> List.of(fixed));
            }
            ReloadingKeys keys = new ReloadingKeys(sources);
            KeyAuthenticator authenticator = KeyAuthenticator.builder(keys)
                    .certificates(options.auth == Auth.CERTIFICATE)
                    .trust(trusted)
                    .observer(observer)
                    .build();
            return new Access(options.auth, trusted, new Guard(authenticator, keys, file));
        } catch (KeyFileException e) {
            throw config(e);
        }
    }

    private static void warnOfWeakness(String password) {
        if (ApiKey.read(password) instanceof ApiKey) {
            return;
        }
        Password.weakness(password)
                .ifPresentOrElse(
                        flaw -> LOG.warn(
                                "PGWATCH_RPC_SERVER_PASSWORD IS EASILY GUESSED: {}. All that protects it is that an address may try "
                                        + "some 50,000 a day, and all together 500,000; better take what 'pgwatch-rpc key --generate' prints",
                                flaw),
                        () -> LOG.info(
                                "PGWATCH_RPC_SERVER_PASSWORD is not a key of this receiver's form: while many wrong ones come from an "
                                        + "address, the right one is refused from there too; what 'pgwatch-rpc key --generate' prints never is"));
    }

    /**
     * Looks at what the options say and at the files that they name, and makes nothing.
     *
     * @throws ConfigException if an option or a file cannot be used
     */
    static void examine(ServeOptions options) throws ConfigException {
        check(options);
        networks(options.trust);
        if (options.auth != Auth.NONE) {
            givenFiles(options);
        }
    }

    /** Reads the files that others look after, so that what is wrong is told with the option that names it. */
    private static void givenFiles(ServeOptions options) throws ConfigException {
        String option = "--api-key-file: ";
        try {
            if (options.apiKeyFile != null) {
                KeyFile.given(options.apiKeyFile);
            }
            option = "--keys: ";
            if (options.keys != null) {
                new KeyRing(options.keys).load();
            }
        } catch (KeyFileException e) {
            throw new ConfigException(option + e.getMessage(), e.hint(), e);
        }
    }

    private static void check(ServeOptions options) throws ConfigException {
        if (options.auth == Auth.CERTIFICATE && options.tlsClientCa == null) {
            throw new ConfigException(
                    "--auth certificate without --tls-client-ca",
                    "name the file of the authorities whose certificates are enough");
        }
        if (options.serverPassword == null && !options.serverUsername.isEmpty()) {
            throw new ConfigException(
                    "PGWATCH_RPC_SERVER_USERNAME without PGWATCH_RPC_SERVER_PASSWORD", "set both, or neither");
        }
        if (options.serverPassword != null && options.serverPassword.isEmpty()) {
            throw new ConfigException("--server-password: empty (expected: a password)", "set one, or leave it away");
        }
    }

    private static List<Network> networks(List<String> texts) throws ConfigException {
        List<Network> networks = new ArrayList<>();
        for (String each : texts) {
            try {
                networks.add(Network.parse(each));
            } catch (IllegalArgumentException e) {
                throw new ConfigException("--trust: " + e.getMessage(), "for example --trust 10.1.0.0/16", e);
            }
        }
        return networks;
    }

    /** The key that a client is to show. */
    static String readKey(Path file) throws ConfigException {
        try {
            return KeyFile.given(file).read().text();
        } catch (KeyFileException e) {
            throw config(e);
        }
    }

    static ConfigException config(KeyFileException e) {
        return new ConfigException(String.valueOf(e.getMessage()), e.hint(), e);
    }

    Auth mode() {
        return mode;
    }

    List<Network> trusted() {
        return trusted;
    }

    /** Who decides; empty if everybody may call. */
    Optional<Authenticator> authenticator() {
        return guard == null ? Optional.empty() : Optional.of(guard.authenticator());
    }

    /** Where the key is that any caller can use; empty if none is needed. */
    Optional<Path> keyFile() {
        return guard == null ? Optional.empty() : Optional.of(guard.file().path());
    }

    /** That key, for calls of this very process; null if none is needed. */
    @Nullable
    String key() throws ConfigException {
        try {
            return guard == null ? null : guard.file().read().text();
        } catch (KeyFileException e) {
            throw config(e);
        }
    }

    /** Reads the files again; not for event loops. */
    void reload() {
        if (guard != null) {
            guard.keys().check();
        }
    }

    int keys() {
        return guard == null ? 0 : guard.keys().size();
    }

    /** Whether this start has made a new key, and another one stopped working. */
    boolean isKeyReplaced() {
        return guard != null && guard.file().isReplaced();
    }

    /** What came in by whom. */
    List<KeyUsage> usages() {
        return guard == null ? List.of() : guard.authenticator().usages();
    }

    int blockedAddresses() {
        return guard == null ? 0 : guard.authenticator().blockedAddresses();
    }

    Optional<String> problem() {
        return guard == null ? Optional.empty() : guard.keys().problem();
    }
}
