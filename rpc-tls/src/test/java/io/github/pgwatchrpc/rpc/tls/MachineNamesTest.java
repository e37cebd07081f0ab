package io.github.pgwatchrpc.rpc.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MachineNamesTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    @Test
    void holdsLoopbackAndEveryAddressThatHasNoZone() throws IOException {
        Set<String> names = new MachineNames(List.of(), () -> "host.example.org").names(LONG);
        assertTrue(names.containsAll(List.of("localhost", "127.0.0.1", "host.example.org", "host")), names::toString);
        for (InetAddress address : NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .toList()) {
            String text = address.getHostAddress().replaceFirst("%.*", "");
            boolean zoned = text.startsWith("fe80:");
            assertEquals(!zoned, names.contains(text), text);
        }
    }

    @Test
    void asksTheHostForItsName() throws UnknownHostException {
        String host = InetAddress.getLocalHost().getHostName();
        Set<String> names = new MachineNames(List.of(), () -> {
                    throw new IOException("no name service here");
                })
                .names(LONG);
        assertTrue(names.contains(HostNames.canonical(host)), names::toString);
    }

    @Test
    void whatTheOperatorAddsComesFirstInItsOneSpelling() {
        Set<String> names = new MachineNames(List.of("Db.Example.Org.", "2001:db8::7"), () -> "host").names(LONG);
        assertEquals(
                List.of("db.example.org", "2001:db8:0:0:0:0:0:7"),
                List.copyOf(names).subList(0, 2));
        assertThrows(IllegalArgumentException.class, () -> new MachineNames(List.of("host:5000"), () -> "host"));
    }

    @Test
    void aSlowNameServiceDelaysNothingAndCountsLater() throws InterruptedException {
        CountDownLatch answer = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        MachineNames machine = new MachineNames(List.of(), () -> {
            try {
                answer.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            answered.countDown();
            return "late.example.org";
        });
        assertFalse(machine.names(Duration.ZERO).contains("late.example.org"));
        assertFalse(machine.names(Duration.ofMillis(1)).contains("late.example.org"));
        answer.countDown();
        answered.await();
        assertTrue(machine.names(LONG).contains("late.example.org"));
    }

    @Test
    void keepsTheFullNameWhenTheNameServiceForgetsIt() throws InterruptedException {
        BlockingQueue<String> answers = new LinkedBlockingQueue<>(List.of("full.example.org"));
        MachineNames machine = new MachineNames(List.of(), () -> {
            String next = answers.poll();
            if (next == null) {
                throw new IOException("forgotten");
            }
            return next;
        });
        assertTrue(machine.names(LONG).contains("full.example.org"));
        // asks again, and hears of the failure
        assertTrue(machine.names(Duration.ZERO).contains("full.example.org"));
        assertTrue(machine.names(LONG).contains("full.example.org"));
    }

    @Test
    void oddAnswersAreNoNames() {
        for (String odd : List.of("192.0.2.1", "", "two words", "2001:db8::1", "(none)")) {
            Set<String> names = new MachineNames(List.of(), () -> odd).names(LONG);
            assertFalse(names.contains(odd), names::toString);
        }
    }

    @Test
    void isCutToWhatACertificateCarries() {
        List<String> many = IntStream.range(0, 500).mapToObj(i -> "host" + i).toList();
        Set<String> names = new MachineNames(many, () -> "host").names(LONG);
        assertEquals(many.subList(0, MachineNames.MAX_NAMES), List.copyOf(names));
    }
}
