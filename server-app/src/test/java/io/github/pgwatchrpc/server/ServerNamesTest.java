package io.github.pgwatchrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.pgwatchrpc.rpc.tls.ClientTls;
import io.netty.buffer.ByteBufAllocator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients may ask for names that are none by Java's book. Only a process of its own shows it: Java decides at its first TLS. */
class ServerNamesTest {

    private static final Pattern PORT = Pattern.compile("127\\.0\\.0\\.1:(\\d+)");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private static final class Name extends SNIServerName {
        Name(String name) {
            super(0, name.getBytes(UTF_8));
        }
    }

    @Test
    void anyNameMayBeAskedFor() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--listen=127.0.0.1:0",
                "--web-addr=off",
                "--data-dir=" + directory.resolve("data")));
        Process server = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(server.getInputStream(), UTF_8))) {
            int port = port(out);
            Path authority = directory.resolve("data").resolve("tls").resolve("ca.crt");
            for (String name : List.of(
                    "localhost",
                    "my_receiver",
                    "receiver.example.org.",
                    "-receiver",
                    "a..b",
                    "x\ny",
                    "\u00fc",
                    "10.0.0.1")) {
                for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
                    assertEquals(protocol, handshake(port, authority, name, protocol), name);
                }
            }
        } finally {
            server.destroy();
            server.waitFor();
        }
    }

    private static int port(BufferedReader out) throws IOException {
        List<String> lines = new ArrayList<>();
        while (true) {
            String line = out.readLine();
            assertNotNull(line, () -> "no port in " + lines);
            lines.add(line);
            Matcher found = PORT.matcher(line);
            if (found.find()) {
                return Integer.parseInt(found.group(1));
            }
        }
    }

    /** A handshake as Go does it, with a name that Java's own sockets would not send. */
    private static String handshake(int port, Path authority, String name, String protocol) throws Exception {
        SSLEngine engine =
                ClientTls.trusting(authority).context().newEngine(ByteBufAllocator.DEFAULT, "localhost", port);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setServerNames(List.of(new Name(name)));
        parameters.setProtocols(new String[] {protocol});
        engine.setSSLParameters(parameters);
        ByteBuffer in = ByteBuffer.allocate(1 << 16).flip();
        ByteBuffer out = ByteBuffer.allocate(1 << 16);
        ByteBuffer plain = ByteBuffer.allocate(1 << 16);
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            engine.beginHandshake();
            HandshakeStatus status = engine.getHandshakeStatus();
            while (status != HandshakeStatus.FINISHED && status != HandshakeStatus.NOT_HANDSHAKING) {
                switch (status) {
                    case NEED_WRAP -> {
                        out.clear();
                        status = engine.wrap(ByteBuffer.allocate(0), out).getHandshakeStatus();
                        socket.getOutputStream().write(out.array(), 0, out.position());
                    }
                    case NEED_TASK -> {
                        for (Runnable task = engine.getDelegatedTask();
                                task != null;
                                task = engine.getDelegatedTask()) {
                            task.run();
                        }
                        status = engine.getHandshakeStatus();
                    }
                    default -> {
                        SSLEngineResult result = engine.unwrap(in, plain);
                        status = result.getHandshakeStatus();
                        if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                            in.compact();
                            int got = socket.getInputStream().read(in.array(), in.position(), in.remaining());
                            if (got < 0) {
                                return "closed";
                            }
                            in.position(in.position() + got).flip();
                        }
                    }
                }
            }
            return engine.getSession().getProtocol();
        } catch (javax.net.ssl.SSLException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
