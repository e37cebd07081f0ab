package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.MetadataGate;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverService;
import io.github.pgwatchrpc.rpc.listen.HttpAnswer;
import io.github.pgwatchrpc.rpc.listen.ProtocolHandler;
import io.github.pgwatchrpc.rpc.listen.TlsProtocol;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcLimits;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.pgwatch.KeyGate;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.netty.handler.ssl.SslContext;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** Which protocols the port speaks: the same ones with TLS and, from where that is allowed, without. */
final class Protocols {

    static final NetRpcLimits LIMITS = NetRpcLimits.DEFAULT;

    private static final String TLS_WANTED = "this receiver wants TLS";
    private static final String HOW = TLS_WANTED
            + ": copy tls/ca.crt from its data directory and add sslrootca to the sink's URI, "
            + "for example grpc://HOST:PORT/?sslrootca=ca.crt (pgwatch 4 and later) or rpc://HOST:PORT?sslrootca=ca.crt (3.6, 3.7)";

    /**
     * A call of pgwatch 4 or later that a proxy has turned into HTTP/1. Of all answers only this one reaches pgwatch as
     * Unavailable, which keeps it from starting; it would drop all measurements otherwise.
     */
    private static final HttpAnswer NO_CALL = new HttpAnswer(
            "503 Service Unavailable",
            "calls are not taken over HTTP/1: a proxy in between has to pass TCP on (nginx: stream, haproxy: mode tcp) or "
                    + "gRPC (nginx: grpc_pass or grpcs_pass, haproxy: proto h2), not HTTP (proxy_pass)");

    private static final String PROXY_HEADER =
            "it began with a header of the PROXY protocol, which is not supported: take "
                    + "send-proxy (haproxy) or proxy_protocol on (nginx) off the proxy in front";

    private Protocols() {}

    static Map<Protocol, ProtocolHandler> all(
            Receiver receiver,
            RpcObserver observer,
            SslContext tls,
            Plaintext plaintext,
            Optional<Authenticator> authenticator) {
        NetRpcServer.Builder netRpcBuilder = ReceiverMethods.add(
                NetRpcServer.builder().limits(LIMITS).observer(observer), receiver, Protocols::epochNanos);
        GrpcServer.Builder grpcBuilder = ReceiverService.add(
                GrpcServer.builder().observer(observer), receiver, Protocols::epochNanos, ModelLimits.DEFAULT);
        authenticator.ifPresent(who -> {
            netRpcBuilder.gate(peer -> new KeyGate(who, peer));
            grpcBuilder.gate(new MetadataGate(who));
        });
        NetRpcServer netRpc = netRpcBuilder.build();
        GrpcServer grpc = grpcBuilder.build();
        Map<Protocol, ProtocolHandler> inside = new EnumMap<>(Protocol.class);
        inside.put(Protocol.HTTP_CONNECT, netRpc.overHttp());
        inside.put(Protocol.GOB, netRpc.raw());
        inside.put(Protocol.HTTP2, grpc.protocol());
        inside.put(
                Protocol.HTTP,
                new HttpAnswer(
                                "200 OK",
                                "This is the port of pgwatch-rpc, where pgwatch sends its measurements. There is nothing to see "
                                        + "here; its status page is at the address given with --web-addr.")
                        .orElse(NO_CALL));
        inside.put(Protocol.PROXY, (pipeline, connection) -> connection.close(End.UNKNOWN_PROTOCOL, PROXY_HEADER));
        Map<Protocol, ProtocolHandler> refused = refused(observer);
        Map<Protocol, ProtocolHandler> all = new EnumMap<>(Protocol.class);
        inside.forEach((protocol, handler) -> {
            ProtocolHandler refusal = refused.get(protocol);
            all.put(protocol, refusal == null ? handler : plaintext.choose(handler, refusal));
        });
        all.put(Protocol.TLS, new TlsProtocol(tls, inside, observer));
        return all;
    }

    /** What peers get who may not come without TLS: an answer in their own protocol that says so. */
    private static Map<Protocol, ProtocolHandler> refused(RpcObserver observer) {
        Map<Protocol, ProtocolHandler> refused = new EnumMap<>(Protocol.class);
        // pgwatch v3 ends with this line when it starts, where an operator sees it
        refused.put(Protocol.HTTP_CONNECT, new HttpAnswer("403 " + TLS_WANTED + ", see sslrootca", HOW));
        refused.put(
                Protocol.GOB,
                NetRpcServer.builder().observer(observer).refuseAll(HOW).build().raw());
        refused.put(Protocol.HTTP, new HttpAnswer("403 Forbidden", HOW).orElse(NO_CALL));
        // of all codes only UNAVAILABLE keeps pgwatch from starting without a word to its operator
        refused.put(
                Protocol.HTTP2,
                GrpcServer.builder().observer(observer).refuseAll(HOW).build().protocol());
        return refused;
    }

    private static long epochNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
}
