package io.github.pgwatchrpc.rpc.tls;

import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's side of TLS: a certificate that is always the latest good one, and the {@link #context()} that shows it.
 *
 * <p>At start everything has to be right, or {@link Builder#open()} says what is not. From then on each {@link
 * #check()} renews what is to be renewed and reloads what has changed; when that fails, new connections get what they
 * got before, and {@link #status()} says why. Connections that are open never notice any of it.
 *
 * <p>Safe for use by several threads. Holds nothing that has to be closed.
 */
public final class ServerTls {
    /** How often {@link #watch} is meant to look: soon enough that a renewal is not waited for. */
    public static final Duration CHECK_INTERVAL = Duration.ofSeconds(30);
    /** How long before its end a certificate is warned of that was not replaced. */
    public static final Duration CERTIFICATE_WARNING = Duration.ofDays(21);
    /** How long before its end an authority is warned of: its successor has to reach every client. */
    public static final Duration AUTHORITY_WARNING = Duration.ofDays(180);

    private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);

    private final CertificateSource source;
    private final @Nullable TrustedAuthorities clientAuthorities;
    private final @Nullable ClientCertificates demand;
    private final Clock clock;
    private final ReloadingSslContext context;

    /** Held while files are looked at, so that two checks do not both renew. */
    private final Object checking = new Object();

    private Loaded inUse;
    private Instant inUseSince;
    private long changes;
    private long failedChecks;
    private volatile TlsStatus status;

    /** All that the context is made of. */
    private record Loaded(
            Identity identity, Optional<AuthorityCertificate> authority, List<X509Certificate> clientAuthorities) {}

    private ServerTls(Builder builder) throws TlsException {
        this.clock = builder.clock;
        this.source = builder.source.apply(clock);
        this.demand = builder.demand;
        this.clientAuthorities =
                builder.clientAuthorities == null ? null : new TrustedAuthorities(builder.clientAuthorities, clock);
        this.inUse = load();
        this.inUseSince = clock.instant();
        try {
            this.context = new ReloadingSslContext(inUse.identity(), inUse.clientAuthorities(), demand);
        } catch (GeneralSecurityException e) {
            throw TlsPolicy.refused(e);
        }
        this.status = describe(Optional.empty());
        LOG.info(
                "TLS with {}, SHA-256 {}, until {}, for {}",
                status.subject(),
                status.sha256(),
                status.notAfter(),
                status.names());
        status.warnings().forEach(LOG::warn);
    }

    /**
     * A server with an authority of its own. What is missing is made: the directory, the authority (which then stays)
     * and the certificate (which is renewed when a third of its life is left, or when the machine gets another name).
     *
     * @param directory for {@code ca.crt}, {@code ca.key}, {@code server.crt} and {@code server.key}
     * @param names host names, wildcards or addresses that the certificate is for besides those of this machine
     * @return to be completed and opened
     * @throws IllegalArgumentException when a name is none
     */
    public static Builder withAuthority(Path directory, Collection<String> names) {
        MachineNames machine = new MachineNames(names);
        return withAuthority(directory, machine);
    }

    static Builder withAuthority(Path directory, NameSource names) {
        return new Builder(clock -> new AuthorityDirectory(directory, names, clock));
    }

    /**
     * A server with a certificate that somebody else looks after. Both files may be links, and may be the same file.
     *
     * @param certificate PEM: the server's certificate and those of its issuers, in any order
     * @param key PEM: its private key, PKCS#8, PKCS#1 or SEC 1, without a passphrase, not readable for every user
     * @return to be completed and opened
     */
    public static Builder withFiles(Path certificate, Path key) {
        return new Builder(clock -> new CertificateFiles(certificate, key, clock));
    }

    /** How the server is to be opened. Not safe for use by several threads. */
    public static final class Builder {
        private final Function<Clock, CertificateSource> source;
        private @Nullable Path clientAuthorities;
        private @Nullable ClientCertificates demand;
        private Clock clock = Clock.systemUTC();

        private Builder(Function<Clock, CertificateSource> source) {
            this.source = source;
        }

        /**
         * Asks clients for certificates. Without this they are not asked for any.
         *
         * @param authorities PEM: who issues the clients' certificates; reloaded as the server's own are
         * @param demand whether a client may come without one
         * @return this builder
         */
        public Builder clientCertificates(Path authorities, ClientCertificates demand) {
            this.clientAuthorities = authorities;
            this.demand = demand;
            return this;
        }

        /**
         * What tells the time for beginnings, ends and renewals; the system's clock when not set.
         *
         * @param clock the clock
         * @return this builder
         */
        public Builder clock(Clock clock) {
            this.clock = clock;
            return this;
        }

        /**
         * Loads, or makes, the certificate. Blocks on the disk, at most a fraction of a second.
         *
         * @return ready for connections
         * @throws TlsException when something is wrong with a file
         */
        public ServerTls open() throws TlsException {
            return new ServerTls(this);
        }
    }

    /**
     * The one context for the life of the server: each new handler or engine of it uses the latest good certificate. It
     * speaks TLS 1.3 and 1.2, agrees on {@code h2} with clients that offer it (ALPN) and accepts those that offer
     * something else or nothing, and takes any name that a client asks for (SNI).
     *
     * @return always the same
     */
    public SslContext context() {
        return context;
    }

    /**
     * Whether a client that has shown these certificates would be let in if it came now. Connections outlive the authorities
     * that have let them in; who takes an authority away asks this at each call of theirs. Cheap, but for the first time
     * after a change.
     *
     * @param shown what a client of this server has shown, its own certificate first; may be empty
     * @return true as well if it has shown none, since whether it must is asked at the handshake alone
     */
    public boolean wouldTrust(List<X509Certificate> shown) {
        return context.wouldTrust(shown);
    }

    /**
     * What is in use, as of the start or the latest check. Cheap.
     *
     * @return a snapshot
     */
    public TlsStatus status() {
        return status;
    }

    /**
     * Looks at the files once: reloads what has changed, renews what is due. Blocks on the disk, so it is not for event
     * loops. Never throws because of a file; what is wrong is in the {@link #status()} and, once, in the log.
     *
     * @return whether new connections get something else from now on
     */
    public boolean check() {
        synchronized (checking) {
            TlsStatus before = status;
            boolean changed = false;
            Optional<String> problem = Optional.empty();
            try {
                changed = take(load());
            } catch (TlsException e) {
                problem = Optional.of(e.getMessage() + "; " + e.hint());
            } catch (RuntimeException e) {
                LOG.warn("unexpected while checking certificates", e);
                problem = Optional.of("unexpected: " + e);
            }
            if (problem.isPresent()) {
                failedChecks++;
            }
            status = describe(problem);
            report(before, status);
            return changed;
        }
    }

    /**
     * Checks again and again until the scheduler is shut down.
     *
     * @param scheduler one of its threads is busy for as long as a check takes
     * @param interval from the end of a check to the next one, for example {@link #CHECK_INTERVAL}
     */
    @SuppressWarnings("FutureReturnValueIgnored") // ends with the scheduler; a check does not throw
    public void watch(ScheduledExecutorService scheduler, Duration interval) {
        scheduler.scheduleWithFixedDelay(this::check, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    private Loaded load() throws TlsException {
        Identity identity = source.load();
        return new Loaded(
                identity, source.authority(), clientAuthorities == null ? List.of() : clientAuthorities.load());
    }

    private boolean take(Loaded loaded) throws TlsException {
        if (loaded.equals(inUse)) {
            return false;
        }
        try {
            context.use(loaded.identity(), loaded.clientAuthorities(), demand);
        } catch (GeneralSecurityException e) {
            throw TlsPolicy.refused(e);
        }
        inUse = loaded;
        inUseSince = clock.instant();
        changes++;
        return true;
    }

    private TlsStatus describe(Optional<String> problem) {
        X509Certificate certificate = inUse.identity().certificate();
        return new TlsStatus(
                certificate.getSubjectX500Principal().getName(),
                List.copyOf(Certificates.names(certificate)),
                Certificates.sha256(certificate),
                Certificates.notBefore(certificate),
                Certificates.notAfter(certificate),
                inUseSince,
                inUse.authority(),
                warnings(certificate),
                problem,
                changes,
                failedChecks);
    }

    private List<String> warnings(X509Certificate certificate) {
        Instant now = clock.instant();
        List<String> warnings = new ArrayList<>();
        Instant end = Certificates.notAfter(certificate);
        if (now.isAfter(end)) {
            warnings.add("the server's certificate expired at " + end + ": clients refuse it");
        } else if (now.isAfter(end.minus(CERTIFICATE_WARNING))) {
            warnings.add("the server's certificate ends at " + end + " and has not been replaced");
        }
        if (Certificates.names(certificate).isEmpty()) {
            warnings.add("the server's certificate has no subject alternative name: clients refuse it by any name");
        }
        for (X509Certificate issuer :
                inUse.identity().chain().subList(1, inUse.identity().chain().size())) {
            if (!Certificates.selfIssued(issuer) && !Certificates.validAt(issuer, now)) {
                warnings.add(
                        "the issuer " + issuer.getSubjectX500Principal() + " in the server's chain is not valid now: "
                                + Certificates.notBefore(issuer) + " to " + Certificates.notAfter(issuer));
            }
        }
        inUse.authority()
                .filter(authority -> now.isAfter(authority.notAfter().minus(AUTHORITY_WARNING)))
                .ifPresent(authority -> warnings.add("the authority " + authority.file() + " ends at "
                        + authority.notAfter()
                        + ": with the server stopped, remove the file (not its key); start it, and give"
                        + " the one that is made instead to every client before then"));
        return List.copyOf(warnings);
    }

    private static void report(TlsStatus before, TlsStatus after) {
        if (after.changes() != before.changes()) {
            LOG.info("new connections get {}, SHA-256 {}, until {}", after.subject(), after.sha256(), after.notAfter());
        }
        if (after.problem().isPresent() && !after.problem().equals(before.problem())) {
            LOG.warn("the certificate in use stays: {}", after.problem().get());
        } else if (after.problem().isEmpty() && before.problem().isPresent()) {
            LOG.info("certificates are fine again");
        }
        after.warnings().stream()
                .filter(warning -> !before.warnings().contains(warning))
                .forEach(LOG::warn);
    }
}
