package io.github.pgwatchrpc.rpc.auth;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * What is known of a key: all but the key itself.
 *
 * @param name what people call it, in logs too: letters, digits, dots, dashes and underscores, at most {@value
 *     #MAX_NAME_CHARS}
 * @param hash tells the key when it is shown
 * @param users which user names go with it
 * @param created when it was made
 * @param expires when it ends by itself, if it does
 * @param revoked when it was taken back, if it was
 * @param databases what it is good for
 * @param scopes what it may be used for
 * @param rates how much it may send
 * @param former why it counts no more, if another one took its place
 */
public record NamedKey(
        String name,
        KeyHash hash,
        Users users,
        Instant created,
        Optional<Instant> expires,
        Optional<Instant> revoked,
        Databases databases,
        Scopes scopes,
        Rates rates,
        Optional<FormerKey> former) {

    /** The name of what comes in by a password, which no key can have. */
    static final String PASSWORD = "(password)";

    /** The longest name, in characters. */
    public static final int MAX_NAME_CHARS = 64;

    /** Which user names a caller may give with a key. */
    public enum Users {
        /** Any, and none. */
        ANY,
        /** The key's own name, and none. */
        NAME_OR_NONE,
        /** The key's own name only, be it empty. */
        NAME
    }

    /**
     * Nothing is null.
     *
     * @param name what people call it
     * @param hash tells the key when it is shown
     * @param users which user names go with it
     * @param created when it was made
     * @param expires when it ends by itself, if it does
     * @param revoked when it was taken back, if it was
     * @param databases what it is good for
     * @param scopes what it may be used for
     * @param rates how much it may send
     * @param former why it counts no more, if another one took its place
     */
    public NamedKey {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(hash, "hash");
        Objects.requireNonNull(users, "users");
        Objects.requireNonNull(created, "created");
        Objects.requireNonNull(expires, "expires");
        Objects.requireNonNull(revoked, "revoked");
        Objects.requireNonNull(databases, "databases");
        Objects.requireNonNull(scopes, "scopes");
        Objects.requireNonNull(rates, "rates");
        Objects.requireNonNull(former, "former");
    }

    /**
     * A key for every use and as much as one likes.
     *
     * @param name what people call it
     * @param hash tells the key when it is shown
     * @param users which user names go with it
     * @param created when it was made
     * @param expires when it ends by itself, if it does
     * @param revoked when it was taken back, if it was
     * @param databases what it is good for
     */
    public NamedKey(
            String name,
            KeyHash hash,
            Users users,
            Instant created,
            Optional<Instant> expires,
            Optional<Instant> revoked,
            Databases databases) {
        this(name, hash, users, created, expires, revoked, databases, Scopes.ALL, Rates.NONE, Optional.empty());
    }

    /**
     * A key for everything and for ever.
     *
     * @param name what people call it
     * @param hash tells the key when it is shown
     * @param users which user names go with it
     * @return the key
     */
    public static NamedKey unlimited(String name, KeyHash hash, Users users) {
        return new NamedKey(name, hash, users, Instant.EPOCH, Optional.empty(), Optional.empty(), Databases.ALL);
    }

    /**
     * The same key with bounds.
     *
     * @param uses what it may be used for
     * @param most how much it may send
     * @return a key like this one
     */
    public NamedKey with(Scopes uses, Rates most) {
        return new NamedKey(name, hash, users, created, expires, revoked, databases, uses, most, former);
    }

    static NamedKey former(String name, KeyHash hash, FormerKey why) {
        return new NamedKey(
                name,
                hash,
                Users.ANY,
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                Databases.ALL,
                Scopes.ALL,
                Rates.NONE,
                Optional.of(why));
    }

    /** What it is called where names are kept apart: a user's name may be that of a key. */
    String label() {
        return users == Users.NAME ? PASSWORD : name;
    }

    boolean allowsUser(String user) {
        return switch (users) {
            case ANY -> true;
            case NAME_OR_NONE -> user.isEmpty() || user.equals(name);
            case NAME -> user.equals(name);
        };
    }

    boolean isExpired(Instant now) {
        return expires.isPresent() && !now.isBefore(expires.get());
    }
}
