package io.github.pgwatchrpc.rpc.auth;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file of many keys, one a line, that people can read and programs can write while the receiver runs:
 *
 * <pre>
 * # comments and empty lines are left as they are
 * name=berlin hash=sha256:9f86…0a08 created=2026-11-22T22:00:00Z expires=never databases=*
 * name=paris hash=sha256:60303…5c29 created=2026-11-22T22:00:00Z expires=2027-01-01T00:00:00Z databases=shop,shop_*
 * name=rome hash=sha256:1c9a4…77b0 created=2026-11-22T22:00:00Z scope=write,sync calls=50/s rows=2000/s bytes=1048576/s
 * name=old hash=sha256:fd61…2f4e created=2025-01-01T00:00:00Z expires=never databases=* revoked=2026-11-22T22:00:00Z
 * </pre>
 *
 * <p>It holds hashes, no keys: whoever reads it cannot call. Whoever can change it can, so nobody but its owner may. A key
 * that was revoked stays in it, so that its holder is told what has happened. Safe for use by several processes.
 */
public final class KeyRing implements KeySource {

    /** The most keys in a file. */
    public static final int MAX_KEYS = 10_000;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1," + NamedKey.MAX_NAME_CHARS + "}");
    private static final String HASH = "sha256:";
    private static final String TAKEN =
            "name: " + KeyFile.NAME + " (expected: another one, that is the receiver's own key's)";
    private static final String NEVER = "never";
    private static final List<String> FIELDS =
            List.of("name", "hash", "created", "expires", "databases", "scope", "calls", "rows", "bytes", "revoked");
    private static final String FORMAT = "see docs/security.md for the form of the file";

    private final Path path;

    /**
     * The keys of a file.
     *
     * @param path where it is; {@link #add} makes it
     */
    public KeyRing(Path path) {
        this.path = path;
    }

    /**
     * Where it is.
     *
     * @return the path
     */
    public Path path() {
        return path;
    }

    @Override
    public List<NamedKey> load() throws KeyFileException {
        return parse(lines());
    }

    private List<String> lines() throws KeyFileException {
        return SecretFile.GIVEN.read(path, null).lines().toList();
    }

    /**
     * Adds a key.
     *
     * @param key what is to be kept of it; its name and hash must be new
     * @throws KeyFileException if the file cannot be read or written, or has such a key
     */
    public void add(NamedKey key) throws KeyFileException {
        if (!NAME.matcher(key.name()).matches()) {
            throw new KeyFileException(
                    path + ": name of a key: " + key.name() + " (expected: letters, digits, . _ -, at most "
                            + NamedKey.MAX_NAME_CHARS + ")",
                    "choose a name that tells who uses it");
        }
        if (key.name().equals(KeyFile.NAME)) {
            throw new KeyFileException(path + ": " + TAKEN, "choose a name that tells who uses it");
        }
        change(lines -> {
            lines.add(format(key));
            return lines;
        });
    }

    /**
     * Takes a key back. Calls that show it are refused once the receiver has read the file again, and so are calls on
     * connections that have proved it.
     *
     * @param name the key's name
     * @param now when that is
     * @throws KeyFileException if the file cannot be read or written, or has no such key that is not revoked already
     */
    public void revoke(String name, Instant now) throws KeyFileException {
        change(lines -> {
            for (int i = 0; i < lines.size(); i++) {
                NamedKey key = read(lines.get(i), i + 1);
                if (key != null && key.name().equals(name)) {
                    if (key.revoked().isPresent()) {
                        throw new KeyFileException(
                                path + ": key " + name + " was revoked at "
                                        + key.revoked().get(),
                                "nothing is left to do");
                    }
                    lines.set(i, lines.get(i).strip() + " revoked=" + now.truncatedTo(ChronoUnit.SECONDS));
                    return lines;
                }
            }
            throw new KeyFileException(path + ": there is no key " + name, "'keys list' shows what there is");
        });
    }

    private interface Change {
        List<String> apply(List<String> lines) throws KeyFileException;
    }

    /** Two who change it at a time wait for each other, or one of the changes would be lost. */
    private void change(Change change) throws KeyFileException {
        if (Files.isSymbolicLink(path)) {
            throw new KeyFileException(path + ": a symbolic link", "change the file that it leads to");
        }
        Path lock = path.resolveSibling(path.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(
                lock, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE, LinkOption.NOFOLLOW_LINKS))) {
            channel.lock(); // ends with the channel
            List<String> lines = new ArrayList<>(Files.exists(path) ? lines() : List.of());
            List<String> changed = change.apply(lines);
            parse(changed);
            SecretFile.replace(path, String.join("\n", changed) + "\n");
        } catch (KeyFileException e) {
            throw e;
        } catch (OverlappingFileLockException e) {
            throw new KeyFileException(path + ": being changed by another thread", "try again", e);
        } catch (IOException e) {
            throw new KeyFileException(
                    path + ": cannot be changed: " + e, "check that this user may write into its directory", e);
        }
    }

    // ---- text ----

    private static String format(NamedKey key) {
        return "name=" + key.name() + " hash=" + HASH + key.hash() + " created="
                + key.created().truncatedTo(ChronoUnit.SECONDS) + " expires="
                + key.expires()
                        .map(at -> at.truncatedTo(ChronoUnit.SECONDS).toString())
                        .orElse(NEVER)
                + " databases=" + key.databases()
                + (key.scopes().equals(Scopes.ALL) ? "" : " scope=" + key.scopes())
                + (key.rates().equals(Rates.NONE) ? "" : " " + key.rates())
                + key.revoked()
                        .map(at -> " revoked=" + at.truncatedTo(ChronoUnit.SECONDS))
                        .orElse("");
    }

    private List<NamedKey> parse(List<String> lines) throws KeyFileException {
        List<NamedKey> keys = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<KeyHash> hashes = new HashSet<>();
        for (int i = 0; i < lines.size(); i++) {
            NamedKey key = read(lines.get(i), i + 1);
            if (key == null) {
                continue;
            }
            if (!names.add(key.name())) {
                throw wrong(i + 1, "name: " + key.name() + " is taken");
            }
            if (!hashes.add(key.hash())) {
                throw wrong(i + 1, "hash: that of another key");
            }
            keys.add(key);
        }
        if (keys.size() > MAX_KEYS) {
            throw new KeyFileException(
                    path + ": keys: " + keys.size() + " (expected: <= " + MAX_KEYS + ")", "remove revoked ones");
        }
        return List.copyOf(keys);
    }

    private @Nullable NamedKey read(String line, int number) throws KeyFileException {
        String text = line.strip();
        if (text.isEmpty() || text.startsWith("#")) {
            return null;
        }
        Map<String, String> values = new HashMap<>();
        for (String each : text.split("\\s+", -1)) {
            int equals = each.indexOf('=');
            String field = equals < 0 ? each : each.substring(0, equals);
            if (!FIELDS.contains(field) || equals < 0) {
                throw wrong(number, printable(field) + " (expected: " + String.join("=, ", FIELDS) + "=)");
            }
            if (values.put(field, each.substring(equals + 1)) != null) {
                throw wrong(number, field + ": twice");
            }
        }
        String name = values.getOrDefault("name", "");
        if (!NAME.matcher(name).matches()) {
            throw wrong(number, "name: " + printable(name) + " (expected: letters, digits, . _ -)");
        }
        if (name.equals(KeyFile.NAME)) {
            throw wrong(number, TAKEN);
        }
        return new NamedKey(
                name,
                hash(values.getOrDefault("hash", ""), number),
                NamedKey.Users.NAME_OR_NONE,
                time("created", values.get("created"), number).orElse(Instant.EPOCH),
                time("expires", values.get("expires"), number),
                time("revoked", values.get("revoked"), number),
                checked(number, () -> Databases.parse(values.getOrDefault("databases", "*"))),
                checked(number, () -> Scopes.parse(values.getOrDefault("scope", Scopes.ALL.toString()))),
                checked(number, () -> Rates.parse(values.get("calls"), values.get("rows"), values.get("bytes"))),
                Optional.empty());
    }

    private KeyHash hash(String text, int number) throws KeyFileException {
        try {
            if (text.startsWith(HASH)) {
                return KeyHash.parse(text.substring(HASH.length()));
            }
        } catch (IllegalArgumentException e) {
            // said below, without the text: somebody may have put the key itself there
        }
        throw wrong(number, "hash: something else (expected: sha256: and 64 hexadecimal digits)");
    }

    private Optional<Instant> time(String field, @Nullable String text, int number) throws KeyFileException {
        if (text == null || text.equals(NEVER)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException e) {
            throw wrong(
                    number,
                    field + ": " + printable(text) + " (expected: a time such as 2026-11-22T22:00:00Z, or never)");
        }
    }

    private <T> T checked(int number, Supplier<T> value) throws KeyFileException {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            throw wrong(number, printable(String.valueOf(e.getMessage())));
        }
    }

    private KeyFileException wrong(int line, String what) {
        return new KeyFileException(path + ":" + line + ": " + what, FORMAT);
    }

    private static String printable(String text) {
        String plain = text.replaceAll("[^ -~]", "?");
        return plain.startsWith(ApiKey.PREFIX)
                ? ApiKey.PREFIX + "..."
                : plain.length() > 80 ? plain.substring(0, 80) : plain;
    }
}
