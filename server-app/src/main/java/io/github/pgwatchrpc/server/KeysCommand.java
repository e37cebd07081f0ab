package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.auth.Databases;
import io.github.pgwatchrpc.rpc.auth.KeyFileException;
import io.github.pgwatchrpc.rpc.auth.KeyRing;
import io.github.pgwatchrpc.rpc.auth.NamedKey;
import io.github.pgwatchrpc.rpc.auth.Rates;
import io.github.pgwatchrpc.rpc.auth.Scopes;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The file that {@code serve --keys} reads; a receiver that runs takes each change within about a second. */
@Command(
        name = "keys",
        description = "Looks after a file of named keys, which 'serve --keys FILE' takes, changes included.")
final class KeysCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    KeysCommand() {}

    @Override
    public void run() {
        throw new picocli.CommandLine.ParameterException(
                spec.commandLine(), "keys: nothing to do (expected: add, list or revoke)");
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Makes a key, notes its hash in the file, and prints it: once, it cannot be had again.")
    int add(
            @Parameters(paramLabel = "NAME", description = "what the key is called, in logs and as gRPC's user name")
                    String name,
            @Option(
                            names = "--keys",
                            paramLabel = "FILE",
                            required = true,
                            description = "the file; made if it is not there")
                    Path file,
            @Option(
                            names = "--expires",
                            paramLabel = "TIME",
                            description =
                                    "when it ends: 2027-01-01T00:00:00Z, or a number of days such as 90d (default: never)")
                    @Nullable
                    String expires,
            @Option(
                            names = "--databases",
                            paramLabel = "NAMES",
                            defaultValue = "*",
                            description =
                                    "of which databases it may send: names with commas between, a * at the end of one for all that begin so (default: all)")
                    String databases,
            @Option(
                            names = "--scope",
                            paramLabel = "SCOPES",
                            defaultValue = "write,sync,define",
                            description =
                                    "what it may be used for, with commas between: write (measurements), sync (which metrics a source "
                                            + "sends), define (how metrics are defined) (default: all)")
                    String scope,
            @Option(
                            names = "--calls",
                            paramLabel = "N/s",
                            description =
                                    "how many calls it may make, on average over 10 s: 100/s (default: any number)")
                    @Nullable
                    String calls,
            @Option(
                            names = "--rows",
                            paramLabel = "N/s",
                            description = "how many rows it may send, likewise: 5000/s (default: any number)")
                    @Nullable
                    String rows,
            @Option(
                            names = "--bytes",
                            paramLabel = "N/s",
                            description =
                                    "how many bytes of messages it may send, likewise: 2MB/s (default: any number)")
                    @Nullable
                    String bytes)
            throws ConfigException {
        Instant now = Instant.now();
        ApiKey key = ApiKey.generate(new SecureRandom());
        try {
            new KeyRing(file)
                    .add(new NamedKey(
                                    name,
                                    key.hash(),
                                    NamedKey.Users.NAME_OR_NONE,
                                    now,
                                    expiry(expires, now),
                                    Optional.empty(),
                                    Databases.parse(databases))
                            .with(Scopes.parse(scope), Rates.parse(calls, rows, bytes)));
        } catch (KeyFileException e) {
            throw Access.config(e);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "--" + e.getMessage(), "for example --databases shop,shop_* --scope write,sync --rows 5000/s", e);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(key.text());
        out.flush();
        spec.commandLine().getErr().println("this is the key " + name + "; it is shown this once");
        return ExitCode.FINE;
    }

    private static Optional<Instant> expiry(@Nullable String text, Instant now) throws ConfigException {
        if (text == null) {
            return Optional.empty();
        }
        String hint = "leave it away for a key that does not end by itself";
        Instant end;
        try {
            end = text.matches("\\d{1,5}d")
                    ? now.plus(Long.parseLong(text.substring(0, text.length() - 1)), ChronoUnit.DAYS)
                    : Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new ConfigException(
                    "--expires: " + text + " (expected: a time such as 2027-01-01T00:00:00Z, or days such as 90d)",
                    hint,
                    e);
        }
        if (!end.isAfter(now)) {
            throw new ConfigException(
                    "--expires: " + text + " (expected: later than " + now.truncatedTo(ChronoUnit.SECONDS) + ", now)",
                    hint);
        }
        return Optional.of(end);
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Prints all keys of the file, without the keys.")
    int list(@Option(names = "--keys", paramLabel = "FILE", required = true, description = "the file") Path file)
            throws ConfigException {
        List<NamedKey> keys;
        try {
            keys = new KeyRing(file).load();
        } catch (KeyFileException e) {
            throw Access.config(e);
        }
        Instant now = Instant.now();
        PrintWriter out = spec.commandLine().getOut();
        String row = "%-24s %-8s %-20s %-20s %-17s %-20s %s%n";
        out.printf(row, "NAME", "STATE", "CREATED", "EXPIRES", "SCOPE", "DATABASES", "LIMITS");
        for (NamedKey each : keys) {
            String state = each.revoked().isPresent()
                    ? "revoked"
                    : each.expires().filter(end -> !now.isBefore(end)).isPresent() ? "expired" : "good";
            out.printf(
                    row,
                    each.name(),
                    state,
                    each.created(),
                    each.expires().map(Instant::toString).orElse("never"),
                    each.scopes(),
                    each.databases(),
                    each.rates().equals(Rates.NONE) ? "none" : each.rates());
        }
        out.flush();
        return ExitCode.FINE;
    }

    @Command(
            name = "revoke",
            mixinStandardHelpOptions = true,
            description =
                    "Takes a key back. A receiver that runs refuses it within about a second, on open connections too.")
    int revoke(
            @Parameters(paramLabel = "NAME", description = "which one") String name,
            @Option(names = "--keys", paramLabel = "FILE", required = true, description = "the file") Path file)
            throws ConfigException {
        try {
            new KeyRing(file).revoke(name, Instant.now());
        } catch (KeyFileException e) {
            throw Access.config(e);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("the key " + name + " is revoked");
        out.flush();
        return ExitCode.FINE;
    }
}
