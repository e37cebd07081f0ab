package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code grpc.health.v1.Health}, as load balancers and {@code grpc_health_probe} ask it. */
final class HealthService {

    static final String NAME = "grpc.health.v1.Health";

    private static final int SERVICE = 1 << 3 | 2;

    private static final int SERVING = 1;
    private static final int NOT_SERVING = 2;
    private static final int SERVICE_UNKNOWN = 3;

    private final GrpcHealth health;
    private final Supplier<Set<String>> services;

    HealthService(GrpcHealth health, Supplier<Set<String>> services) {
        this.health = health;
        this.services = services;
    }

    private int status(String service) {
        if (!service.isEmpty() && !services.get().contains(service)) {
            return SERVICE_UNKNOWN;
        }
        return health.isServing() ? SERVING : NOT_SERVING;
    }

    private ProtoWriter answerOf(String service) {
        return new ProtoWriter().varint(1, status(service));
    }

    private static String readService(ProtoReader in) throws ProtoException {
        String service = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == SERVICE) {
                service = in.readString();
            } else {
                in.skip(tag);
            }
        }
        return service;
    }

    Handler check(Call call) {
        return new Question(call) {
            @Override
            void answer(String service) {
                if (status(service) == SERVICE_UNKNOWN) {
                    call.end(StatusCode.NOT_FOUND, "unknown service");
                } else {
                    call.send(answerOf(service).toBytes());
                    call.end(StatusCode.OK, "");
                }
            }
        };
    }

    Handler list(Call call) {
        return new Question(call) {
            @Override
            void answer(String unused) {
                ProtoWriter all = new ProtoWriter().message(1, new ProtoWriter().message(2, answerOf("")));
                for (String each : services.get()) {
                    all.message(1, new ProtoWriter().text(1, each).message(2, answerOf(each)));
                }
                call.send(all.toBytes());
                call.end(StatusCode.OK, "");
            }
        };
    }

    Handler watch(Call call) {
        return new Watch(call);
    }

    /** A call with one question in it. */
    private abstract static class Question implements Handler {
        final Call call;
        private @Nullable String asked;

        Question(Call call) {
            this.call = call;
        }

        @Override
        public void message(ProtoReader in) throws ProtoException {
            asked = readService(in);
        }

        @Override
        public void halfClosed() throws RpcException {
            if (asked == null) {
                throw new RpcException(Kind.INTERNAL, "messages of a unary call: 0 (expected: 1)");
            }
            answer(asked);
        }

        abstract void answer(String service) throws RpcException;
    }

    /** Answers at once and then whenever the answer changes, for as long as the peer likes. */
    private final class Watch extends Question implements Runnable {
        private String service = "";
        private int told = -1;
        private boolean watching;
        private boolean stranger;

        Watch(Call call) {
            super(call);
        }

        @Override
        void answer(String about) throws RpcException {
            service = about;
            stranger = !call.isLetIn();
            if (!health.watch(this, stranger)) {
                throw new RpcException(Kind.RESOURCE_EXHAUSTED, GrpcHealth.TOO_MANY);
            }
            watching = true;
            tell();
        }

        /** The answer may have changed; on any thread. */
        @Override
        public void run() {
            call.execute(this::tell);
        }

        private void tell() {
            int status = status(service);
            if (status != told) {
                told = status;
                call.sendNext(answerOf(service).toBytes());
            }
        }

        @Override
        public void ended() {
            if (watching) {
                health.forget(this, stranger);
            }
        }

        @Override
        public boolean isOpenEnded() {
            return true;
        }
    }
}
