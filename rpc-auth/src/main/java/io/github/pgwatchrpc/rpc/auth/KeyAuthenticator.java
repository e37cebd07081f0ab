package io.github.pgwatchrpc.rpc.auth;

import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lets calls in by a key, and where that was asked for, by a client certificate or from a trusted network. What a call shows
 * is always looked at: a wrong key is refused whatever else would let its caller in, and a right one lets in whatever others
 * at its address do.
 *
 * <p><b>Passwords</b> are what people think up, so guessing them has to be slow. What has not a key's form may be one, be it
 * in a file of keys, and is not looked at while its address, or everybody together, has shown too much that is wrong; a
 * connection that has proved it goes on.
 *
 * <p>Keys are compared in constant time, hash against hash. Decisions need no lock but for what is wrong and for a key's first
 * use on a connection. Thread-safe.
 */
public final class KeyAuthenticator implements Authenticator {

    private static final String MISSING =
            "authentication required: no key was shown (pgwatch 3: as custom tag pgwatch_rpc_key of each source; pgwatch 4 and "
                    + "later: as password, --sink=grpc://pgwatch:KEY@HOST:PORT)";

    /** The name of the logger that tells who was refused, who came in, and what became of keys. */
    public static final String AUDIT = AuditLog.NAME;

    /** What all addresses together may get wrong of passwords: who has many guesses no faster than who has some dozens. */
    private static final FailureLimits EVERYBODY = new FailureLimits(
            Integer.MAX_VALUE,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            300,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            1);

    private static final SocketAddress ANYBODY = new SocketAddress() {
        private static final long serialVersionUID = 1;
    };

    private final ReloadingKeys keys;
    private final boolean certificates;
    private final List<Network> trusted;
    private final Clock clock;
    private final AuthObserver observer;
    private final FailureLimits limits;
    private final FailureGate failures;
    private final FailureGate passwords;
    private final AuditLog audit;
    private final LongSupplier nanoTime;
    private final KeyUsage byCertificate = new KeyUsage("(certificate)");
    private final TrustedPermit byNetwork = new TrustedPermit(new KeyUsage("(trusted)"));

    private KeyAuthenticator(Builder builder) {
        this.keys = builder.keys;
        this.certificates = builder.certificates;
        this.trusted = builder.trusted;
        this.clock = builder.clock;
        this.observer = builder.observer;
        this.limits = builder.limits;
        this.failures = new FailureGate(builder.limits, builder.nanoTime);
        this.passwords = new FailureGate(EVERYBODY, builder.nanoTime);
        this.audit = new AuditLog(builder.nanoTime);
        this.nanoTime = builder.nanoTime;
    }

    /** A permit by whose name calls, rows and bytes are counted. */
    private abstract class CountedPermit implements Permit {
        final KeyUsage usage;

        CountedPermit(KeyUsage usage) {
            this.usage = usage;
        }

        @Override
        public final String name() {
            return usage.name();
        }

        @Override
        public final void countCall(long bytes) throws RpcException {
            try {
                usage.call(bytes, nanoTime.getAsLong());
            } catch (RpcException e) {
                observer.decided(Outcome.LIMIT);
                throw e;
            }
        }

        @Override
        public final void countRows(long rows) throws RpcException {
            try {
                usage.rows(rows, nanoTime.getAsLong());
            } catch (RpcException e) {
                observer.decided(Outcome.LIMIT);
                throw e;
            }
        }
    }

    /** What a good key allows: that key as it was at that time, for one peer. */
    private final class KeyPermit extends CountedPermit {
        private final NamedKey key;
        private final ReloadingKeys.Snapshot at;
        private final RpcPeer peer;
        private final Credentials shown;

        KeyPermit(KeyIndex.Entry found, ReloadingKeys.Snapshot at, RpcPeer peer, Credentials shown) {
            super(found.usage());
            this.key = found.key();
            this.at = at;
            this.peer = peer;
            // how it was shown, without what was
            this.shown = new Credentials(shown.protocol(), shown.source(), "", List.of());
        }

        @Override
        public void requireDatabase(String database) throws DeniedException {
            if (!key.databases().covers(database)) {
                throw forbidden(Outcome.DATABASE, "the key " + key.label() + " is not good for this database");
            }
        }

        @Override
        public void requireScope(Scope scope) throws DeniedException {
            if (!key.scopes().cover(scope)) {
                throw forbidden(
                        Outcome.SCOPE,
                        "the key " + key.label() + " may not do this: scope=" + key.scopes() + " (expected: "
                                + Scopes.word(scope) + ")");
            }
        }

        private DeniedException forbidden(Outcome outcome, String text) {
            note(outcome, shown, peer, key.label());
            // its caller has a key, so the answer need not wait
            return new DeniedException(Kind.PERMISSION_DENIED, text, 0);
        }
    }

    /** What a good certificate allows, as long as it is valid. */
    private final class CertificatePermit extends CountedPermit {
        private final X509Certificate certificate;

        CertificatePermit(X509Certificate certificate) {
            super(byCertificate);
            this.certificate = certificate;
        }

        @Override
        public void requireDatabase(String database) {
            // certificates are good for all of them
        }
    }

    /** What a trusted network allows. */
    private final class TrustedPermit extends CountedPermit {
        TrustedPermit(KeyUsage usage) {
            super(usage);
        }

        @Override
        public void requireDatabase(String database) {
            // all of them
        }
    }

    @Override
    public Permit admit(Credentials shown, RpcPeer peer, @Nullable Permit before) throws DeniedException {
        return switch (shown.keys().size()) {
            case 0 -> admitWithoutKey(shown, peer, before);
            case 1 -> admitByKey(shown, shown.keys().get(0), peer, before);
            default ->
                throw wrong(
                        Outcome.AMBIGUOUS,
                        shown,
                        peer,
                        "authentication failed: more than one key or user name was shown");
        };
    }

    // ---- by a key ----

    private Permit admitByKey(Credentials shown, String text, RpcPeer peer, @Nullable Permit before)
            throws DeniedException {
        KeyHash hash = KeyHash.of(text);
        if (before instanceof KeyPermit proved
                && proved.key.hash().matches(hash)
                && proved.key.allowsUser(shown.user())) {
            // what the connection has proved is not guessed, be it a password
            return allowed(Outcome.KEY, renewed(proved, shown, peer));
        }
        ReloadingKeys.Snapshot now = keys.current();
        if (!ApiKey.hasForm(text)) {
            requirePatience(shown, text, peer);
        }
        KeyIndex.Entry found = now.find(hash, shown.user());
        if (found == null || !found.key().allowsUser(shown.user())) {
            throw notFound(found != null, now, shown, text, peer);
        }
        requireGood(found.key(), shown, peer);
        first(found.usage(), shown, peer);
        return allowed(Outcome.KEY, new KeyPermit(found, now, peer, shown));
    }

    /** What has not a key's form is a password at best, and is not even looked at where too many were wrong. */
    private void requirePatience(Credentials shown, String text, RpcPeer peer) throws DeniedException {
        long here = failures.refusedFor(peer.address());
        long everywhere = passwords.refusedFor(ANYBODY);
        if (here == 0 && everywhere == 0) {
            return;
        }
        note(Outcome.BLOCKED, shown, peer, "");
        throw new DeniedException(
                Kind.UNAUTHENTICATED,
                (ApiKey.read(text) instanceof KeyFlaw flaw ? notKey(flaw) : "")
                        + ", and passwords are not looked at for " + seconds(Math.max(here, everywhere))
                        + " s, since too much that is wrong came"
                        + (here > 0 ? " from this address" : "") + " (a key would be)",
                limits.blocked().toNanos());
    }

    private static String notKey(KeyFlaw flaw) {
        return "authentication failed: what was shown is not a key: " + flaw.text();
    }

    private DeniedException notFound(
            boolean otherUser, ReloadingKeys.Snapshot now, Credentials shown, String text, RpcPeer peer) {
        if (ApiKey.read(text) instanceof KeyFlaw flaw) {
            String reason = notKey(flaw);
            Outcome outcome = switch (flaw) {
                case CHECKSUM -> Outcome.CHECKSUM;
                case TOO_LONG -> Outcome.TOO_LONG;
                case EMPTY, PREFIX, TRUNCATED, CHARACTERS ->
                    text.length() > Credentials.MAX_KEY_CHARS ? Outcome.TOO_LONG : Outcome.MALFORMED;
            };
            if (!ApiKey.hasForm(text)) {
                passwords.failed(ANYBODY);
            }
            // which of a user name and its password is wrong would be worth knowing for who guesses
            return wrong(
                    outcome, shown, peer, reason + (now.hasPassword() ? ", nor a password with its user name" : ""));
        }
        return otherUser
                ? wrong(Outcome.USER, shown, peer, "authentication failed: the key goes with another user name")
                : wrong(
                        Outcome.UNKNOWN,
                        shown,
                        peer,
                        "authentication failed: this receiver does not know the key (a receiver without '--api-key keep' "
                                + "makes a new one at each start)");
    }

    /** The same permit, or one for what has become of its key. */
    private KeyPermit renewed(KeyPermit proved, Credentials shown, RpcPeer peer) throws DeniedException {
        ReloadingKeys.Snapshot now = keys.current();
        if (proved.at == now) {
            requireGood(proved.key, shown, peer);
            return proved;
        }
        // with the name, since it goes with any key
        KeyIndex.Entry still = now.find(proved.key.hash(), proved.key.name());
        if (still == null || !still.key().name().equals(proved.key.name())) {
            throw denied(
                    Outcome.UNKNOWN,
                    shown,
                    peer,
                    proved.key.label(),
                    "authentication failed: the key " + proved.key.label() + " is no longer one of this receiver's");
        }
        requireGood(still.key(), shown, peer);
        return new KeyPermit(still, now, peer, proved.shown);
    }

    private void requireGood(NamedKey key, Credentials shown, RpcPeer peer) throws DeniedException {
        if (key.former().isPresent()) {
            throw denied(
                    Outcome.REPLACED,
                    shown,
                    peer,
                    key.label(),
                    "authentication failed: " + key.former().get().text());
        }
        if (key.revoked().isPresent()) {
            throw denied(
                    Outcome.REVOKED,
                    shown,
                    peer,
                    key.label(),
                    "authentication failed: the key " + key.label() + " was revoked at "
                            + key.revoked().get());
        }
        if (key.expires().isPresent() && key.isExpired(clock.instant())) {
            throw denied(
                    Outcome.EXPIRED,
                    shown,
                    peer,
                    key.label(),
                    "authentication failed: the key " + key.label() + " expired at "
                            + key.expires().get());
        }
    }

    // ---- by something else ----

    private Permit admitWithoutKey(Credentials shown, RpcPeer peer, @Nullable Permit before) throws DeniedException {
        if (before instanceof KeyPermit proved) {
            return allowed(Outcome.CONNECTION, renewed(proved, shown, peer));
        }
        X509Certificate certificate = certificates ? peer.certificate() : null;
        if (certificate != null) {
            Instant end = certificate.getNotAfter().toInstant();
            if (clock.instant().isAfter(end)) {
                throw denied(
                        Outcome.EXPIRED,
                        shown,
                        peer,
                        "",
                        "authentication failed: the client certificate expired at " + end);
            }
            if (before instanceof CertificatePermit same && same.certificate.equals(certificate)) {
                return allowed(Outcome.CERTIFICATE, same);
            }
            first(byCertificate, shown, peer);
            return allowed(Outcome.CERTIFICATE, new CertificatePermit(certificate));
        }
        for (Network each : trusted) {
            if (each.contains(peer.address())) {
                if (before != byNetwork) {
                    first(byNetwork.usage, shown, peer);
                }
                return allowed(Outcome.TRUSTED, byNetwork);
            }
        }
        throw denied(Outcome.MISSING, shown, peer, "", MISSING);
    }

    // ---- what becomes of a decision ----

    private Permit allowed(Outcome outcome, Permit permit) {
        observer.decided(outcome);
        return permit;
    }

    private void first(KeyUsage usage, Credentials shown, RpcPeer peer) {
        if (peer.atEnd(usage, usage::disconnected)) {
            usage.connected();
            audit.used(usage.name(), peer.address(), shown.protocol(), way(shown));
        }
    }

    private void note(Outcome outcome, Credentials shown, RpcPeer peer, String key) {
        observer.decided(outcome);
        audit.refused(outcome, peer.address(), shown.protocol(), way(shown), key);
    }

    private static String way(Credentials shown) {
        return shown.source().name().toLowerCase(Locale.ROOT);
    }

    /** Refuses who does not guess. */
    private DeniedException denied(Outcome outcome, Credentials shown, RpcPeer peer, String key, String text) {
        note(outcome, shown, peer, key);
        return new DeniedException(Kind.UNAUTHENTICATED, text, limits.least().toNanos());
    }

    /** Refuses what may be a guess: its address is held to account, and what is wrong is told all the same. */
    private DeniedException wrong(Outcome outcome, Credentials shown, RpcPeer peer, String text) {
        note(outcome, shown, peer, "");
        long refusedFor = failures.refusedFor(peer.address());
        return refusedFor > 0
                ? new DeniedException(
                        Kind.UNAUTHENTICATED,
                        text + "; too many wrong keys came from this address, which is slowed down for "
                                + seconds(refusedFor) + " s (a right key passes)",
                        limits.blocked().toNanos())
                : new DeniedException(
                        Kind.UNAUTHENTICATED,
                        text,
                        Math.max(limits.least().toNanos(), failures.failed(peer.address())));
    }

    private static long seconds(long nanos) {
        return TimeUnit.NANOSECONDS.toSeconds(nanos + TimeUnit.SECONDS.toNanos(1) - 1);
    }

    /**
     * What came in by whom: one for each key's name that counts now, and for each way without a key that was used. Names
     * that no key has any more are gone; so there are never more than keys.
     *
     * @return those that have been used
     */
    public List<KeyUsage> usages() {
        return Stream.concat(Stream.of(byCertificate, byNetwork.usage), keys.current().usages().stream())
                .filter(KeyUsage::isUsed)
                .toList();
    }

    /**
     * How many addresses are slowed down for now because of too many wrong keys.
     *
     * @return number of addresses
     */
    public int blockedAddresses() {
        return failures.refused();
    }

    /**
     * A builder of an authenticator.
     *
     * @param keys which keys count
     * @return the builder
     */
    public static Builder builder(ReloadingKeys keys) {
        return new Builder(keys);
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder {
        private final ReloadingKeys keys;
        private boolean certificates;
        private List<Network> trusted = List.of();
        private FailureLimits limits = FailureLimits.DEFAULT;
        private Clock clock = Clock.systemUTC();
        private LongSupplier nanoTime = System::nanoTime;
        private AuthObserver observer = AuthObserver.NONE;

        private Builder(ReloadingKeys keys) {
            this.keys = Objects.requireNonNull(keys, "keys");
        }

        /**
         * Sets whether a client certificate that TLS has found good is enough.
         *
         * @param enough true if it is; otherwise a key is needed beside it (default)
         * @return this builder
         */
        public Builder certificates(boolean enough) {
            certificates = enough;
            return this;
        }

        /**
         * Lets networks in without a key.
         *
         * @param networks which ones (default: none)
         * @return this builder
         */
        public Builder trust(List<Network> networks) {
            trusted = List.copyOf(networks);
            return this;
        }

        /**
         * Sets what an address may do wrong.
         *
         * @param bounds the limits
         * @return this builder
         */
        public Builder limits(FailureLimits bounds) {
            limits = Objects.requireNonNull(bounds, "limits");
            return this;
        }

        /**
         * Sets what tells the time.
         *
         * @param wall for the ends of keys and certificates
         * @param nanos for how long addresses are refused
         * @return this builder
         */
        public Builder clock(Clock wall, LongSupplier nanos) {
            clock = Objects.requireNonNull(wall, "wall");
            nanoTime = Objects.requireNonNull(nanos, "nanos");
            return this;
        }

        /**
         * Sets who is told of decisions.
         *
         * @param who the observer
         * @return this builder
         */
        public Builder observer(AuthObserver who) {
            observer = Objects.requireNonNull(who, "observer");
            return this;
        }

        /**
         * Makes the authenticator.
         *
         * @return the authenticator
         */
        public KeyAuthenticator build() {
            return new KeyAuthenticator(this);
        }
    }
}
