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
import io.github.pgwatchrpc.rpc.Permit.Scope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
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
        keys = new ReloadingKeys(List.of(() -> current), new TestClock());
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
        // not told from a wrong password: half of the answer would be half of the guessing
        assertEquals(
                refused(Outcome.MALFORMED, shown("joe", "hunter3"), PEER, null).getMessage(),
                refused(Outcome.MALFORMED, shown("", "hunter2"), PEER, null).getMessage());
        refused(Outcome.MALFORMED, shown("jim", "hunter2"), PEER, null);
    }

    private void guess(RpcPeer peer) {
        for (int i = 0; i <= FailureLimits.DEFAULT.most(); i++) {
            refused(Outcome.UNKNOWN, shown(ApiKey.generate(random).text()), peer, null);
        }
        assertEquals(1, authenticator.blockedAddresses());
    }

    /** Whatever a neighbour behind the same NAT or proxy does. */
    @Test
    void aRightKeyPassesFromAnAddressThatGuesses() throws Exception {
        guess(PEER);
        admitted(Outcome.KEY, shown(key), PEER, null).requireDatabase("anything");
        admitted(Outcome.KEY, shown("berlin", named), PEER, null).requireDatabase("shop");
        // and on a connection that has proved another one, as behind a proxy
        Permit proved = admitted(Outcome.KEY, shown(key), PEER, null);
        admitted(Outcome.KEY, shown(named), PEER, proved);
        assertEquals(1, authenticator.blockedAddresses());
    }

    @Test
    void guessingIsSlowedAndEachRefusalTellsWhatIsWrong() throws Exception {
        FailureLimits limits = FailureLimits.DEFAULT;
        long slowest = 0;
        for (int i = 0; i <= limits.most(); i++) {
            DeniedException first =
                    refused(Outcome.UNKNOWN, shown(ApiKey.generate(random).text()), PEER, null);
            assertTrue(first.getMessage().startsWith("authentication failed: this receiver does not know the key"));
            assertFalse(first.getMessage().contains("slowed down"), first::getMessage);
            slowest = Math.max(slowest, first.delayNanos());
        }
        assertEquals(limits.longest().toNanos(), slowest);
        String stranger = ApiKey.generate(random).text();
        for (int i = 0; i < 10_000; i++) {
            DeniedException again = refused(Outcome.UNKNOWN, shown(stranger), PEER, null);
            assertEquals(limits.blocked().toNanos(), again.delayNanos());
            assertTrue(
                    again.getMessage().startsWith("authentication failed: this receiver does not know the key")
                            && again.getMessage().contains("this address, which is slowed down for 30 s"),
                    again::getMessage);
        }
        assertTrue(refused(Outcome.BLOCKED, shown("hunter2"), PEER, null)
                .getMessage()
                .contains("does not begin with"));
        nanos += limits.refusal().toNanos();
        assertEquals(0, authenticator.blockedAddresses());
    }

    private void withPassword() {
        current = List.of(current.get(0), NamedKey.unlimited("joe", KeyHash.of("hunter2"), NamedKey.Users.NAME));
        keys.check();
    }

    /** A right key always passes, but the right password would be found, were it looked at each time. */
    @Test
    void passwordsAreNotLookedAtWhereTooManyWereWrong() throws Exception {
        withPassword();
        Permit proved = admitted(Outcome.KEY, shown("joe", "hunter2"), PEER, null);
        for (int i = 0; i <= FailureLimits.DEFAULT.most(); i++) {
            refused(Outcome.MALFORMED, shown("joe", "guess" + i), PEER, null);
        }
        DeniedException wrong = refused(Outcome.BLOCKED, shown("joe", "guess"), PEER, null);
        DeniedException right = refused(Outcome.BLOCKED, shown("joe", "hunter2"), PEER, null);
        assertEquals(wrong.getMessage(), right.getMessage(), "told from a wrong one");
        assertTrue(
                right.getMessage().startsWith("authentication failed: what was shown is not a key: ")
                        && right.getMessage().contains("passwords are not looked at for 30 s"),
                right::getMessage);
        admitted(Outcome.KEY, shown("joe", "hunter2"), PEER, proved);
        admitted(Outcome.KEY, shown(key), PEER, null);
        admitted(Outcome.KEY, shown("joe", "hunter2"), OTHER, null);
        nanos += FailureLimits.DEFAULT.refusal().toNanos();
        admitted(Outcome.KEY, shown("joe", "hunter2"), PEER, null);
    }

    /** Of an attacker with a thousand addresses, each may guess a few times; all of them may not guess a thousand times. */
    @Test
    void passwordsAreGuessedByAllTogetherOnlySoFast() throws Exception {
        withPassword();
        Permit proved = admitted(Outcome.KEY, shown("joe", "hunter2"), PEER, null);
        int looked = 0;
        for (int second = 0; second < 600; second++) {
            for (int i = 0; i < 20; i++) {
                int host = second * 20 + i;
                RpcPeer guesser = () ->
                        new InetSocketAddress("10." + (host >> 16) + "." + (host >> 8 & 255) + "." + (host & 255), 1);
                assertThrows(DeniedException.class, () -> authenticator.admit(shown("joe", "x" + host), guesser, null));
                looked += outcomes.get(outcomes.size() - 1) == Outcome.MALFORMED ? 1 : 0;
            }
            nanos += Duration.ofSeconds(1).toNanos();
        }
        assertTrue(looked <= 500_000 / 24 / 6, "passwords looked at in ten minutes: " + looked);
        assertEquals(0, authenticator.blockedAddresses());
        admitted(Outcome.KEY, shown(key), OTHER, null);
        admitted(Outcome.KEY, shown("joe", "hunter2"), PEER, proved);
    }

    /** A file of keys holds hashes, and whoever writes it may have thought the text up. */
    @Test
    void aTextThatIsNoKeyIsGuardedInAFileOfKeysToo() throws Exception {
        current = List.of(NamedKey.unlimited("berlin", KeyHash.of("hunter2"), NamedKey.Users.NAME_OR_NONE));
        keys.check();
        Permit proved = admitted(Outcome.KEY, shown("hunter2"), PEER, null);
        for (int i = 0; i <= FailureLimits.DEFAULT.most(); i++) {
            refused(Outcome.MALFORMED, shown("guess" + i), PEER, null);
        }
        refused(Outcome.BLOCKED, shown("hunter2"), PEER, null);
        admitted(Outcome.KEY, shown("hunter2"), PEER, proved);
    }

    /** 256 random bits are no password, wherever they stand. */
    @Test
    void aPasswordOfAKeysFormAlwaysPasses() throws Exception {
        current = List.of(NamedKey.unlimited("joe", KeyHash.of(named), NamedKey.Users.NAME));
        keys.check();
        guess(PEER);
        admitted(Outcome.KEY, shown("joe", named), PEER, null);
        refused(Outcome.USER, shown("jim", named), PEER, null);
    }

    @Test
    void theKeyOfTheLastStartIsToldSoAndIsNoGuess() throws Exception {
        String old = ApiKey.generate(random).text();
        String renewed = ApiKey.generate(random).text();
        current = List.of(
                current.get(0),
                NamedKey.former("api-key", KeyHash.of(old), new FormerKey(START, FormerKey.By.START, true)),
                NamedKey.former("api-key", KeyHash.of(renewed), new FormerKey(START, FormerKey.By.RENEWAL, false)));
        keys.check();
        assertEquals(1, keys.size(), "keys that count");
        for (int i = 0; i < 1000; i++) {
            DeniedException denied = refused(Outcome.REPLACED, shown("whoever", old), PEER, null);
            assertEquals(
                    "authentication failed: this is the key of the receiver's last start; the start at "
                            + "2026-11-22T22:00:00Z made a new one (--api-key keep keeps it)",
                    denied.getMessage());
            assertEquals(FailureLimits.DEFAULT.least().toNanos(), denied.delayNanos());
        }
        assertTrue(refused(Outcome.REPLACED, shown(renewed), PEER, null)
                .getMessage()
                .contains("until 2026-11-22T22:00:00Z, when 'key --renew' made a new one"));
        assertEquals(0, authenticator.blockedAddresses());
        assertTrue(
                audit().get(1).startsWith("refused outcome=replaced ")
                        && audit().get(1).endsWith(" key=api-key"),
                audit()::toString);
    }

    @Test
    void aConnectionIsToldThatItsKeyWasReplaced() throws Exception {
        Permit proved = admitted(Outcome.KEY, shown(key), PEER, null);
        current = List.of(
                NamedKey.unlimited("api-key", KeyHash.of(named), NamedKey.Users.ANY),
                NamedKey.former("api-key", KeyHash.of(key), new FormerKey(START, FormerKey.By.RENEWAL, true)));
        keys.check();
        refused(Outcome.REPLACED, NOTHING, PEER, proved);
        refused(Outcome.REPLACED, shown(key), PEER, proved);
    }

    @Test
    void scopesAreThoseOfTheKey() throws Exception {
        current = List.of(named(Optional.empty(), Optional.empty(), "shop").with(Scopes.parse("sync"), Rates.NONE));
        keys.check();
        Permit permit = admitted(Outcome.KEY, shown(named), PEER, null);
        assertEquals("berlin", permit.name());
        permit.requireScope(Scope.SYNC);
        for (Scope each : List.of(Scope.WRITE, Scope.DEFINE)) {
            DeniedException denied = assertThrows(DeniedException.class, () -> permit.requireScope(each));
            assertEquals(Kind.PERMISSION_DENIED, denied.kind());
            assertEquals(0, denied.delayNanos());
            assertEquals(
                    "the key berlin may not do this: scope=sync (expected: " + Scopes.word(each) + ")",
                    denied.getMessage());
        }
        assertEquals(Outcome.SCOPE, outcomes.get(outcomes.size() - 1));
        assertTrue(
                audit().get(2).startsWith("refused outcome=scope ")
                        && audit().get(2).endsWith(" key=berlin"),
                audit()::toString);
    }

    private void limited(String message, Executable action) {
        RpcException refused = assertThrows(RpcException.class, action);
        assertEquals(Kind.RESOURCE_EXHAUSTED, refused.kind());
        assertEquals(message, refused.getMessage());
        assertEquals(Outcome.LIMIT, outcomes.get(outcomes.size() - 1));
    }

    @Test
    void aKeySendsNoMoreThanItsRates() throws Exception {
        current = List.of(
                current.get(0),
                named(Optional.empty(), Optional.empty(), "*").with(Scopes.ALL, Rates.parse("2/s", "100/s", "1KB/s")));
        keys.check();
        Permit permit = admitted(Outcome.KEY, shown(named), PEER, null);
        Permit elsewhere = admitted(Outcome.KEY, shown(named), OTHER, null);
        for (int i = 0; i < 10; i++) {
            permit.countCall(10);
            elsewhere.countCall(10);
        }
        limited(
                "receiver limits the key berlin: calls beyond its rate: 20 (expected: < 20, 10 s of calls=2/s)",
                () -> permit.countCall(10));
        nanos += Duration.ofSeconds(1).toNanos();
        permit.countCall(1 << 20); // in one piece it may be more
        limited(
                "receiver limits the key berlin: bytes beyond its rate: 1048576 (expected: < 10240, 10 s of bytes=1024/s)",
                () -> permit.countCall(1));
        permit.countRows(3000);
        limited(
                "receiver limits the key berlin: rows beyond its rate: 3000 (expected: < 1000, 10 s of rows=100/s)",
                () -> elsewhere.countRows(1));
        nanos += Duration.ofSeconds(21).toNanos();
        elsewhere.countRows(1);
        // others have their own, and a key without rates has none
        Permit free = admitted(Outcome.KEY, shown(key), PEER, null);
        for (int i = 0; i < 10_000; i++) {
            free.countCall(1 << 20);
            free.countRows(1_000_000);
        }
        KeyUsage berlin = usage("berlin");
        assertEquals(List.of(21L, 3001L, 3L), List.of(berlin.calls(), berlin.rows(), berlin.limited()));
        assertEquals(200 + (1 << 20), berlin.bytes());
        assertEquals(10_000, usage("api-key").calls());
    }

    /** Deciding and counting cost adders and no garbage; showing a key costs its hash, as it did before anything was counted. */
    @Test
    void aGoodCallLeavesNoGarbage() throws Exception {
        KeyAuthenticator quiet = KeyAuthenticator.builder(keys).build();
        Permit proved = quiet.admit(shown(named), PEER, null);
        Credentials again = shown(named);
        goodCalls(quiet, NOTHING, proved);
        assertTrue(goodCalls(quiet, NOTHING, proved) < CALLS, "a byte a call");
        long before = allocated();
        for (int i = 0; i < CALLS; i++) {
            KeyHash.of(named);
        }
        long hashes = allocated() - before;
        goodCalls(quiet, again, proved);
        assertTrue(goodCalls(quiet, again, proved) <= hashes + CALLS);
    }

    private static final int CALLS = 20_000;

    private static long goodCalls(KeyAuthenticator quiet, Credentials shown, Permit proved) throws Exception {
        long before = allocated();
        for (int i = 0; i < CALLS; i++) {
            Permit same = quiet.admit(shown, PEER, proved);
            same.countCall(500);
            same.requireScope(Scope.WRITE);
            same.countRows(1);
            assertSame(proved, same);
        }
        return allocated() - before;
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    /** A reload forgets neither what was counted nor what a key owes; other rates count at once. */
    @Test
    void whatWasUsedStaysUsedWhenFilesAreReadAgain() throws Exception {
        NamedKey berlin = named(Optional.empty(), Optional.empty(), "*");
        current = List.of(berlin.with(Scopes.ALL, Rates.parse(null, "1/s", null)));
        keys.check();
        Permit permit = admitted(Outcome.KEY, shown(named), PEER, null);
        permit.countRows(100);
        current = List.of(berlin.with(Scopes.parse("write"), Rates.parse(null, "1/s", null)));
        assertTrue(keys.check());
        Permit renewed = admitted(Outcome.KEY, shown(named), PEER, permit);
        assertNotSame(permit, renewed);
        assertThrows(RpcException.class, () -> renewed.countRows(1));
        current = List.of(berlin);
        keys.check();
        renewed.countRows(1_000_000);
        assertEquals(1_000_100, usage("berlin").rows());
    }

    private KeyUsage usage(String name) {
        return authenticator.usages().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Names are those of keys that count, whatever callers do. */
    @Test
    void usageIsKeptForNamesOfKeysOnly() throws Exception {
        assertEquals(List.of(), authenticator.usages());
        for (int i = 0; i < 1000; i++) {
            refused(Outcome.UNKNOWN, shown("user" + i, ApiKey.generate(random).text()), PEER, null);
        }
        assertEquals(List.of(), authenticator.usages());
        admitted(Outcome.TRUSTED, NOTHING, () -> new InetSocketAddress("192.168.7.7", 5), null)
                .countCall(1);
        admitted(Outcome.KEY, shown(named), PEER, null).countCall(1);
        withPassword();
        admitted(Outcome.KEY, shown("joe", "hunter2"), OTHER, null).countCall(1);
        // berlin's line is gone from the file
        assertEquals(
                List.of("(password)", "(trusted)"),
                authenticator.usages().stream().map(KeyUsage::name).sorted().toList());
    }

    /** A connection that tells its end, as those of a server do. */
    private static final class Connected implements RpcPeer {
        private final Map<Object, Runnable> ends = new HashMap<>();

        @Override
        public SocketAddress address() {
            return PEER.address();
        }

        @Override
        public boolean atEnd(Object about, Runnable action) {
            return ends.putIfAbsent(about, action) == null;
        }

        void end() {
            ends.values().forEach(Runnable::run);
        }
    }

    @Test
    void theFirstUseOnAConnectionIsNotedAndTheConnectionCounted() throws Exception {
        Connected one = new Connected();
        Connected other = new Connected();
        Permit permit = null;
        for (int i = 0; i < 100; i++) {
            // as behind a proxy: two keys take turns on a connection
            permit = admitted(Outcome.KEY, shown(key), one, permit);
            permit = admitted(Outcome.KEY, shown(named), one, permit);
        }
        admitted(Outcome.KEY, shown(named), other, null);
        assertEquals(
                List.of(
                        "used key=api-key peer=/10.0.0.1:5 protocol=grpc by=password",
                        "used key=berlin peer=/10.0.0.1:5 protocol=grpc by=password",
                        "used key=berlin peer=/10.0.0.1:5 protocol=grpc by=password"),
                audit());
        assertEquals(2, usage("berlin").connections());
        one.end();
        assertEquals(1, usage("berlin").connections());
        assertEquals(2, one.ends.size());
        other.end();
        assertEquals(List.of(), authenticator.usages());
        for (int i = 0; i < 1000; i++) {
            admitted(Outcome.KEY, shown(key), new Connected(), null);
        }
        assertEquals(3 + 17, audit().size(), "so many lines a second");
        refused(Outcome.MISSING, NOTHING, PEER, null);
        assertEquals(3 + 17 + 1, audit().size(), "they hide no refusal");
        nanos += Duration.ofSeconds(1).toNanos();
        admitted(Outcome.KEY, shown(key), new Connected(), null);
        assertTrue(audit().get(21).endsWith(" more=983"), audit()::toString);
    }

    @Test
    void whatBecomesOfKeysIsNotedByName() throws Exception {
        NamedKey berlin = named(Optional.of(START.plusSeconds(5)), Optional.empty(), "*");
        current = List.of(current.get(0), berlin);
        keys.check();
        current = List.of(
                NamedKey.unlimited("api-key", KeyHash.of("another"), NamedKey.Users.ANY),
                NamedKey.former("api-key", KeyHash.of(key), new FormerKey(START, FormerKey.By.RENEWAL, true)),
                berlin);
        keys.check();
        now = START.plusSeconds(5);
        keys.check();
        keys.check();
        NamedKey longer = named(Optional.empty(), Optional.empty(), "shop")
                .with(Scopes.parse("write"), Rates.parse("5/s", null, null));
        current = List.of(current.get(0), longer);
        keys.check();
        current = List.of(current.get(0), named(Optional.empty(), Optional.of(START), "shop"));
        keys.check();
        current = List.of(current.get(0));
        keys.check();
        current = List.of(current.get(0), longer);
        keys.check();
        assertEquals(
                List.of(
                        "changed key=berlin expires=2026-11-22T22:00:05Z databases=* scope=write,sync,define",
                        "replaced key=api-key expires=never databases=* scope=write,sync,define",
                        "expired key=berlin",
                        "changed key=berlin expires=never databases=shop scope=write calls=5/s",
                        "revoked key=berlin",
                        "removed key=berlin",
                        "added key=berlin expires=never databases=shop scope=write calls=5/s"),
                audit());
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
