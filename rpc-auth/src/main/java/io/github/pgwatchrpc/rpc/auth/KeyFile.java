package io.github.pgwatchrpc.rpc.auth;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file with one key in it: the receiver's own, which it makes itself, or one that somebody else looks after. Whatever
 * user name is given with such a key, the key counts.
 */
public final class KeyFile implements KeySource {

    /** What the key of such a file is called in logs. */
    public static final String NAME = "api-key";

    private final Path path;
    private final SecretFile rule;
    private final @Nullable UserPrincipal owner;
    private boolean replaced;

    private KeyFile(Path path, SecretFile rule, @Nullable UserPrincipal owner) {
        this.path = path;
        this.rule = rule;
        this.owner = owner;
    }

    /**
     * The receiver's own file. It has to be a plain file of the user that runs the receiver, with mode 0600; what is there
     * and is something else is refused and left as it is.
     *
     * @param path where; the directory exists
     * @param keep whether a key that is there stays; otherwise a new one takes its place
     * @param random where new keys come from
     * @return the file, with a key in it
     * @throws KeyFileException if what is there cannot be believed, or the new one cannot be written
     */
    public static KeyFile own(Path path, boolean keep, SecureRandom random) throws KeyFileException {
        Path directory = path.toAbsolutePath().resolveSibling(".").normalize();
        KeyFile file = new KeyFile(path, SecretFile.OWN, SecretFile.me(directory));
        boolean there = Files.exists(path, LinkOption.NOFOLLOW_LINKS);
        if (there && keep) {
            file.read();
        } else {
            if (there) {
                // its content does not matter much any more, but who else could write it does
                String content = file.rule.read(path, file.owner);
                file.replaced = retire(path, content, FormerKey.By.START);
            }
            put(path, ApiKey.generate(random));
        }
        return file;
    }

    /**
     * The receiver's own file as it is, whoever looks at it: the owner of the machine may.
     *
     * @param path where
     * @return the file
     * @throws KeyFileException if there is no good key in it
     */
    public static KeyFile existing(Path path) throws KeyFileException {
        KeyFile file = new KeyFile(path, SecretFile.OWN, null);
        file.read();
        return file;
    }

    /**
     * A file that somebody else looks after, read again when it changes. It may be a symbolic link and readable for a group,
     * as mounted secrets are; every user may not read it.
     *
     * @param path where
     * @return the file
     * @throws KeyFileException if there is no good key in it
     */
    public static KeyFile given(Path path) throws KeyFileException {
        KeyFile file = new KeyFile(path, SecretFile.GIVEN, null);
        file.read();
        return file;
    }

    /** Remembers the key that is there, if it is one, before it goes. */
    private static boolean retire(Path path, String content, FormerKey.By by) {
        if (ApiKey.read(content.strip()) instanceof ApiKey old) {
            new FormerKeys(path).add(old.hash(), by, Clock.systemUTC());
            return true;
        }
        return false;
    }

    /**
     * Puts another key into a file of our own, whole or not at all. Who still shows the one that is there will be told.
     *
     * @param path where
     * @param key the new key
     * @throws KeyFileException if that is not possible; the old key is still there then
     */
    public static void replace(Path path, ApiKey key) throws KeyFileException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            retire(path, SecretFile.OWN.read(path, null), FormerKey.By.RENEWAL);
        }
        put(path, key);
    }

    private static void put(Path path, ApiKey key) throws KeyFileException {
        SecretFile.replace(path, key.text() + "\n");
    }

    /**
     * Whether there was another key before, which stopped working when this object was made.
     *
     * @return true after a start that made a new key where there was one
     */
    public boolean isReplaced() {
        return replaced;
    }

    /**
     * Where the key lies.
     *
     * @return the path
     */
    public Path path() {
        return path;
    }

    /**
     * Reads the key.
     *
     * @return the key that is there now
     * @throws KeyFileException if there is none, or the file cannot be believed
     */
    public ApiKey read() throws KeyFileException {
        KeyReading reading = ApiKey.read(rule.read(path, owner).strip());
        if (reading instanceof ApiKey key) {
            return key;
        }
        String hint = rule == SecretFile.OWN
                ? "remove it, and a new one is made at the next start"
                : "put a key of this receiver's form there; 'pgwatch-rpc key --generate' prints one";
        throw new KeyFileException(path + ": no key: " + ((KeyFlaw) reading).text(), hint);
    }

    @Override
    public List<NamedKey> load() throws KeyFileException {
        List<NamedKey> keys = new ArrayList<>();
        keys.add(NamedKey.unlimited(NAME, read().hash(), NamedKey.Users.ANY));
        if (rule == SecretFile.OWN) {
            keys.addAll(new FormerKeys(path).load());
        }
        return keys;
    }
}
