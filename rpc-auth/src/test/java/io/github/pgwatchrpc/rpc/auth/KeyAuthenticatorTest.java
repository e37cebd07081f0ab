package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.Credentials.Source;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

class KeyAuthenticatorTest {

    private static final Instant START = Instant.parse("2026-11-22T22:00:00Z");
    private static final RpcPeer PEER = () -> new InetSocketAddress("10.0.0.1", 5);
    private static final RpcPeer OTHER = () -> new InetSocketAddress("10.0.0.2", 5);

    private final SecureRandom random = new SecureRandom();
    private final String key = ApiKey.generate(random).text();
    private final String named = ApiKey.generate(random).text();
    private final List<Outcome> outcomes = new ArrayList<>();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    private List<NamedKey> current = List.of(
            NamedKey.unlimited("api-key", KeyHash.of(key), NamedKey.Users.ANY),
            named(Optional.empty(), Optional.empty(), "shop,app_*"));
    private Instant now = START;
    private long nanos;
    private ReloadingKeys keys;
    private KeyAuthenticator authenticator;

    private NamedKey named(Optional<Instant> expires, Optional<Instant> revoked, String databases) {
        return new NamedKey(
                "berlin",
                KeyHash.of(named),
                NamedKey.Users.NAME_OR_NONE,
                START,
                expires,
                revoked,
                Databases.parse(databases));
    }

    private final class TestClock extends Clock {
        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    @BeforeEach
    void setUp() throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger("ROOT");
        root.setLevel(Level.TRACE);
        log.start();
        root.addAppender(log);
        keys = new ReloadingKeys(List.of(() -> current));
        authenticator = KeyAuthenticator.builder(keys)
                .observer(outcomes::add)
                .clock(new TestClock(), () -> nanos)
                .trust(List.of(Network.parse("192.168.0.0/16")))
                .build();
    }

    /** Whatever a test shows: no line of any log holds it. */
    @AfterEach
    void noKeyInAnyLog() {
        ((Logger) LoggerFactory.getLogger("ROOT")).detachAppender(log);
        for (ILoggingEvent each : log.list) {
            String line = each.getFormattedMessage();
            assertFalse(line.contains(key.substring(7, 30)) || line.contains(named.substring(7, 30)), line);
            assertFalse(line.contains(ApiKey.PREFIX), line);
            assertFalse(line.contains("hunter2"), line);
        }
    }

    private static Credentials shown(String text) {
        return new Credentials("grpc", Source.PASSWORD, "", List.of(text));
    }

    private static Credentials shown(String user, String text) {
        return new Credentials("grpc", Source.PASSWORD, user, List.of(text));
    }

    private static final Credentials NOTHING = Credentials.none("net/rpc");

    private DeniedException refused(Outcome outcome, Credentials shown, RpcPeer peer, Permit before) {
        DeniedException denied = assertThrows(DeniedException.class, () -> authenticator.admit(shown, peer, before));
        assertEquals(outcome, outcomes.get(outcomes.size() - 1));
        assertEquals(Kind.UNAUTHENTICATED, denied.kind());
        for (String each : shown.keys()) {
            assertFalse(each.length() > 5 && denied.getMessage().contains(each), denied::getMessage);
        }
        return denied;
    }

    private Permit admitted(Outcome outcome, Credentials shown, RpcPeer peer, Permit before) throws Exception {
        Permit permit = authenticator.admit(shown, peer, before);
        assertEquals(outcome, outcomes.get(outcomes.size() - 1));
        return permit;
    }

    private List<String> audit() {
        return log.list.stream()
                .filter(each -> each.getLoggerName().equals(AuditLog.NAME))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void letsInByAGoodKey() throws Exception {
        admitted(Outcome.KEY, shown(key), PEER, null).requireDatabase("anything");
        admitted(Outcome.KEY, shown("whoever", key), PEER, null);
        admitted(Outcome.KEY, shown(named), PEER, null);
        admitted(Outcome.KEY, shown("berlin", named), PEER, null);
        assertEquals(List.of(), audit());
    }

    @Test
    void refusesEverythingElse() {
        String typo = key.substring(0, 20) + (key.charAt(20) == 'A' ? 'B' : 'A') + key.substring(21);
        refused(Outcome.MISSING, NOTHING, PEER, null);
        refused(Outcome.UNKNOWN, shown(ApiKey.generate(random).text()), PEER, null);
        refused(Outcome.CHECKSUM, shown(typo), PEER, null);
        refused(Outcome.MALFORMED, shown(key.substring(0, 55)), PEER, null);
        refused(Outcome.MALFORMED, shown("hunter2"), OTHER, null);
        refused(Outcome.MALFORMED, shown(key + "\n"), OTHER, null);
        refused(Outcome.MALFORMED, shown("\u0000"), OTHER, null);
        refused(Outcome.TOO_LONG, shown(key + "A"), OTHER, null);
        refused(Outcome.TOO_LONG, shown("x".repeat(64 << 10)), OTHER, null);
        refused(
                Outcome.AMBIGUOUS,
                new Credentials("grpc", Source.PASSWORD, "", List.of(key, key)),
                () -> new InetSocketAddress("10.0.0.3", 1),
                null);
        refused(Outcome.USER, shown("paris", named), () -> new InetSocketAddress("10.0.0.4", 1), null);
    }

    @Test
    void anOverlongKeyIsCutBeforeAnybodyKeepsIt() {
        assertEquals(
                Credentials.MAX_KEY_CHARS + 1,
                shown("x".repeat(64 << 10)).keys().get(0).length());
    }

    @Test
    void aConnectionStaysProvedUntilTheKeyIsRevoked() throws Exception {
        Permit proved = admitted(Outcome.KEY, shown(named), PEER, null);
        assertSame(proved, admitted(Outcome.CONNECTION, NOTHING, PEER, proved));
        assertSame(proved, admitted(Outcome.KEY, shown(named), PEER, proved));
        refused(Outcome.UNKNOWN, shown(ApiKey.generate(random).text()), PEER, proved);
        assertSame(proved, admitted(Outcome.CONNECTION, NOTHING, PEER, proved));
        current = List.of(current.get(0), named(Optional.empty(), Optional.of(START), "*"));
        assertTrue(keys.check());
        refused(Outcome.REVOKED, NOTHING, PEER, proved);
        refused(Outcome.REVOKED, shown(named), PEER, proved);
        refused(Outcome.REVOKED, shown(named), PEER, null);
        current = List.of(current.get(0));
        assertTrue(keys.check());
        refused(Outcome.UNKNOWN, NOTHING, PEER, proved);
        admitted(Outcome.KEY, shown(key), PEER, proved);
    }

    @Test
    void aKeyEndsWhenItsTimeHasCome() throws Exception {
        current = List.of(named(Optional.of(START.plusSeconds(10)), Optional.empty(), "*"));
        keys.check();
        Permit proved = admitted(Outcome.KEY, shown(named), PEER, null);
        now = START.plusSeconds(9);
        admitted(Outcome.CONNECTION, NOTHING, PEER, proved);
        now = START.plusSeconds(10);
        refused(Outcome.EXPIRED, NOTHING, PEER, proved);
        refused(Outcome.EXPIRED, shown(named), PEER, null);
    }

    @Test
    void databasesAreThoseOfTheKeyAsItIsNow() throws Exception {
        Permit permit = admitted(Outcome.KEY, shown(named), PEER, null);
        permit.requireDatabase("shop");
        permit.requireDatabase("app_1");
        DeniedException denied = assertThrows(DeniedException.class, () -> permit.requireDatabase("other"));
        assertEquals(Kind.PERMISSION_DENIED, denied.kind());
        assertEquals(Outcome.DATABASE, outcomes.get(outcomes.size() - 1));
        assertTrue(audit().get(0).contains("outcome=database") && audit().get(0).contains("key=berlin"));
        current = List.of(named(Optional.empty(), Optional.empty(), "other"));
        keys.check();
        Permit renewed = admitted(Outcome.CONNECTION, NOTHING, PEER, permit);
        assertNotSame(permit, renewed);
        renewed.requireDatabase("other");
    }

    @Test
    void trustedNetworksNeedNoKeyButAWrongOneIsWrong() throws Exception {
        RpcPeer near = () -> new InetSocketAddress("192.168.7.7", 5);
        admitted(Outcome.TRUSTED, NOTHING, near, null).requireDatabase("anything");
        refused(Outcome.MALFORMED, shown("hunter2"), near, null);
        admitted(Outcome.KEY, shown(key), near, null);
    }

    @Test
    void fixedCredentialsCountTogetherOnly() throws Exception {
        current = List.of(NamedKey.unlimited("joe", KeyHash.of("hunter2"), NamedKey.Users.NAME));
        keys.check();
        admitted(Outcome.KEY, shown("joe", "hunter2"), PEER, null);
        refused(Outcome.USER, shown("", "hunter2"), PEER, null);
        refused(Outcome.USER, shown("jim", "hunter2"), PEER, null);
        refused(Outcome.MALFORMED, shown("joe", "hunter3"), PEER, null);
    }

    @Test
    void guessingIsSlowedAndThenRefusedForTheAddressAlone() throws Exception {
        Permit proved = admitted(Outcome.KEY, shown(key), PEER, null);
        FailureLimits limits = FailureLimits.DEFAULT;
        long slowest = 0;
        for (int i = 0; i <= limits.most(); i++) {
            slowest = Math.max(
                    slowest,
                    refused(Outcome.UNKNOWN, shown(ApiKey.generate(random).text()), PEER, null)
                            .delayNanos());
        }
        assertEquals(limits.longest().toNanos(), slowest);
        for (int i = 0; i < 100_000; i++) {
            assertEquals(
                    limits.blocked().toNanos(),
                    refused(Outcome.BLOCKED, shown(key), PEER, null).delayNanos());
        }
        assertEquals(1, authenticator.blockedAddresses());
        admitted(Outcome.KEY, shown(key), PEER, proved);
        admitted(Outcome.CONNECTION, NOTHING, PEER, proved);
        admitted(Outcome.KEY, shown(key), OTHER, null);
        nanos += limits.refusal().toNanos();
        admitted(Outcome.KEY, shown(key), PEER, null);
    }

    @ParameterizedTest
    @EnumSource(
            value = Outcome.class,
            names = {"MISSING", "EXPIRED", "REVOKED"})
    void whoDoesNotGuessIsNotHeldToAccount(Outcome outcome) throws Exception {
        current = List.of(
                current.get(0),
                named(
                        outcome == Outcome.EXPIRED ? Optional.of(START) : Optional.empty(),
                        outcome == Outcome.REVOKED ? Optional.of(START) : Optional.empty(),
                        "*"));
        keys.check();
        for (int i = 0; i < 1000; i++) {
            Credentials shown = outcome == Outcome.MISSING ? NOTHING : shown(named);
            assertEquals(
                    FailureLimits.DEFAULT.least().toNanos(),
                    refused(outcome, shown, PEER, null).delayNanos());
        }
        admitted(Outcome.KEY, shown(key), PEER, null);
    }

    @Test
    void theAuditLogHasALineAnAddressAndAWhile() {
        for (int i = 0; i < 1000; i++) {
            refused(Outcome.MISSING, NOTHING, PEER, null);
        }
        refused(Outcome.MALFORMED, shown("hunter2"), OTHER, null);
        assertEquals(
                List.of(
                        "refused outcome=missing peer=/10.0.0.1:5 protocol=net/rpc by=nothing key=?",
                        "refused outcome=malformed peer=/10.0.0.2:5 protocol=grpc by=password key=?"),
                audit());
        nanos += Duration.ofSeconds(10).toNanos();
        refused(Outcome.MISSING, NOTHING, PEER, null);
        assertTrue(audit().get(2).endsWith(" more=999"), audit()::toString);
        for (int i = 0; i < 1000; i++) {
            int host = i;
            refused(
                    Outcome.MISSING,
                    NOTHING,
                    () -> new InetSocketAddress("10.1." + host / 256 + "." + host % 256, 1),
                    null);
        }
        assertTrue(audit().size() <= 3 + 20, "so many lines a second in all");
    }
}
