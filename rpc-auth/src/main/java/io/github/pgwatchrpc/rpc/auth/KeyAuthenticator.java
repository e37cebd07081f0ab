package io.github.pgwatchrpc.rpc.auth;

import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets calls in by a key, and where that was asked for, by a client certificate or from a trusted network. What a call shows
 * is always looked at: a wrong key is refused whatever else would let its caller in.
 *
 * <p>Every key is compared with every other in constant time, hash against hash. Decisions need no lock but for wrong keys
 * and for the first good one of a connection. Thread-safe.
 */
public final class KeyAuthenticator implements Authenticator {

    private static final String MISSING =
            "authentication required: no key was shown (pgwatch 3: as custom tag pgwatch_rpc_key of each source; pgwatch 4 and "
                    + "later: as password, --sink=grpc://pgwatch:KEY@HOST:PORT)";

    private final ReloadingKeys keys;
    private final boolean certificates;
    private final List<Network> trusted;
    private final Clock clock;
    private final AuthObserver observer;
    private final FailureLimits limits;
    private final FailureGate failures;
    private final AuditLog audit;

    private KeyAuthenticator(Builder builder) {
        this.keys = builder.keys;
        this.certificates = builder.certificates;
        this.trusted = builder.trusted;
        this.clock = builder.clock;
        this.observer = builder.observer;
        this.limits = builder.limits;
        this.failures = new FailureGate(builder.limits, builder.nanoTime);
        this.audit = new AuditLog(builder.nanoTime);
    }

    /** What a good key allows: that key as it was at that time, for one peer. */
    private final class KeyPermit implements Permit {
        private final NamedKey key;
        private final ReloadingKeys.Snapshot at;
        private final RpcPeer peer;
        private final Credentials shown;

        KeyPermit(NamedKey key, ReloadingKeys.Snapshot at, RpcPeer peer, Credentials shown) {
            this.key = key;
            this.at = at;
            this.peer = peer;
            // how it was shown, without what was
            this.shown = new Credentials(shown.protocol(), shown.source(), "", List.of());
        }

        @Override
        public void requireDatabase(String database) throws DeniedException {
            if (!key.databases().covers(database)) {
                throw denied(
                        Outcome.DATABASE,
                        shown,
                        peer,
                        key.name(),
                        "the key " + key.name() + " is not good for this database");
            }
        }
    }

    /** What a good certificate allows, as long as it is valid. */
    private record CertificatePermit(X509Certificate certificate) implements Permit {
        @Override
        public void requireDatabase(String database) {
            // certificates are good for all of them
        }
    }

    @Override
    public Permit admit(Credentials shown, RpcPeer peer, @Nullable Permit before) throws DeniedException {
        return switch (shown.keys().size()) {
            case 0 -> admitWithoutKey(shown, peer, before);
            case 1 -> admitByKey(shown, shown.keys().get(0), peer, before);
            default ->
                throw denied(
                        Outcome.AMBIGUOUS,
                        shown,
                        peer,
                        "",
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
            // what the connection has proved is not guessed, whatever others at its address do
            return allowed(Outcome.KEY, renewed(proved, shown, peer));
        }
        long refusedFor = failures.refusedFor(peer.address());
        if (refusedFor > 0) {
            throw denied(
                    Outcome.BLOCKED,
                    shown,
                    peer,
                    "",
                    "authentication failed: too many wrong keys came from this address; it is refused for "
                            + (TimeUnit.NANOSECONDS.toSeconds(refusedFor) + 1) + " s");
        }
        ReloadingKeys.Snapshot now = keys.current();
        NamedKey found = null;
        boolean wrongUser = false;
        for (NamedKey each : now.keys()) {
            // no early end: how long it takes does not tell where the key stands
            if (each.hash().matches(hash)) {
                if (each.allowsUser(shown.user())) {
                    found = each;
                } else {
                    wrongUser = true;
                }
            }
        }
        if (found == null) {
            throw wrongUser
                    ? denied(
                            Outcome.USER, shown, peer, "", "authentication failed: the key goes with another user name")
                    : unknown(shown, text, peer);
        }
        requireGood(found, shown, peer);
        return allowed(Outcome.KEY, new KeyPermit(found, now, peer, shown));
    }

    private DeniedException unknown(Credentials shown, String text, RpcPeer peer) {
        return ApiKey.read(text) instanceof KeyFlaw flaw
                ? noKey(flaw, shown, text, peer)
                : denied(
                        Outcome.UNKNOWN,
                        shown,
                        peer,
                        "",
                        "authentication failed: this receiver does not know the key (a receiver without '--api-key keep' "
                                + "makes a new one at each start)");
    }

    private DeniedException noKey(KeyFlaw flaw, Credentials shown, String text, RpcPeer peer) {
        Outcome outcome = switch (flaw) {
            case CHECKSUM -> Outcome.CHECKSUM;
            case TOO_LONG -> Outcome.TOO_LONG;
            case EMPTY, PREFIX, TRUNCATED, CHARACTERS ->
                text.length() > Credentials.MAX_KEY_CHARS ? Outcome.TOO_LONG : Outcome.MALFORMED;
        };
        return denied(outcome, shown, peer, "", "authentication failed: what was shown is not a key: " + flaw.text());
    }

    /** The same permit, or one for what has become of its key. */
    private KeyPermit renewed(KeyPermit proved, Credentials shown, RpcPeer peer) throws DeniedException {
        ReloadingKeys.Snapshot now = keys.current();
        NamedKey key = proved.key;
        if (proved.at != now) {
            NamedKey still = null;
            for (NamedKey each : now.keys()) {
                if (each.hash().matches(key.hash()) && each.name().equals(key.name())) {
                    still = each;
                }
            }
            if (still == null) {
                throw denied(
                        Outcome.UNKNOWN,
                        shown,
                        peer,
                        key.name(),
                        "authentication failed: the key " + key.name() + " is no longer one of this receiver's");
            }
            key = still;
        }
        requireGood(key, shown, peer);
        return proved.at == now ? proved : new KeyPermit(key, now, peer, proved.shown);
    }

    private void requireGood(NamedKey key, Credentials shown, RpcPeer peer) throws DeniedException {
        if (key.revoked().isPresent()) {
            throw denied(
                    Outcome.REVOKED,
                    shown,
                    peer,
                    key.name(),
                    "authentication failed: the key " + key.name() + " was revoked at "
                            + key.revoked().get());
        }
        if (key.expires().isPresent() && key.isExpired(clock.instant())) {
            throw denied(
                    Outcome.EXPIRED,
                    shown,
                    peer,
                    key.name(),
                    "authentication failed: the key " + key.name() + " expired at "
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
            return allowed(
                    Outcome.CERTIFICATE,
                    before instanceof CertificatePermit same
                                    && same.certificate().equals(certificate)
                            ? same
                            : new CertificatePermit(certificate));
        }
        for (Network each : trusted) {
            if (each.contains(peer.address())) {
                return allowed(Outcome.TRUSTED, Permit.EVERYTHING);
            }
        }
        throw denied(Outcome.MISSING, shown, peer, "", MISSING);
    }

    // ---- what becomes of a decision ----

    private Permit allowed(Outcome outcome, Permit permit) {
        observer.decided(outcome);
        return permit;
    }

    private DeniedException denied(Outcome outcome, Credentials shown, RpcPeer peer, String key, String text) {
        observer.decided(outcome);
        String way = shown.source().name().toLowerCase(Locale.ROOT);
        audit.refused(outcome, peer.address(), shown.protocol(), way, key);
        // a key that the connection has proved and that was taken away since is no guess
        boolean guess = outcome.isSuspicious() && key.isEmpty();
        long delay = switch (outcome) {
            case DATABASE -> 0; // its caller has a key
            case BLOCKED -> limits.blocked().toNanos();
            default -> Math.max(limits.least().toNanos(), guess ? failures.failed(peer.address()) : 0);
        };
        return new DeniedException(
                outcome == Outcome.DATABASE ? Kind.PERMISSION_DENIED : Kind.UNAUTHENTICATED, text, delay);
    }

    /**
     * How many addresses are refused for now because of too many wrong keys.
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
