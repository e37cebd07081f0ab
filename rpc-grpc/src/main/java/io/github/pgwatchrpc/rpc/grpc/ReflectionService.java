package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * {@code grpc.reflection.v1.ServerReflection}, and {@code v1alpha}, which has the same messages: tells tools such as
 * grpcurl what can be called.
 */
final class ReflectionService {

    static final List<String> NAMES =
            List.of("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection");

    private static final int HOST = 1;
    private static final int FILE_BY_NAME = 3;
    private static final int FILE_BY_SYMBOL = 4;
    private static final int LIST_SERVICES = 7;

    private static final int FILES = 4;
    private static final int SERVICES = 6;
    private static final int ERROR = 7;

    private final Descriptors descriptors;
    private final Supplier<Set<String>> services;

    ReflectionService(Descriptors descriptors, Supplier<Set<String>> services) {
        this.descriptors = descriptors;
        this.services = services;
    }

    Handler info(Call call) {
        return new Handler() {
            @Override
            public void message(ProtoReader in) throws ProtoException {
                call.sendNext(answer(in));
            }

            @Override
            public void halfClosed() {
                call.end(StatusCode.OK, "");
            }

            @Override
            public boolean isOpenEnded() {
                return true;
            }
        };
    }

    private byte[] answer(ProtoReader in) throws ProtoException {
        byte[] question = Arrays.copyOfRange(in.array(), in.position(), in.limit());
        String host = "";
        int asked = 0;
        String name = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            int field = tag >>> 3;
            if ((tag & 7) != 2) {
                in.skip(tag);
            } else if (field == HOST) {
                host = in.readString();
            } else {
                asked = field;
                name = in.readString();
            }
        }
        ProtoWriter answer = new ProtoWriter().text(1, host).bytes(2, question, 0, question.length);
        switch (asked) {
            case FILE_BY_NAME -> files(answer, descriptors.file(name), name);
            case FILE_BY_SYMBOL -> files(answer, descriptors.fileOfSymbol(name), name);
            case LIST_SERVICES -> {
                ProtoWriter list = new ProtoWriter();
                services.get().stream().sorted().forEach(each -> list.message(1, new ProtoWriter().text(1, each)));
                answer.message(SERVICES, list);
            }
            default -> error(answer, StatusCode.UNIMPLEMENTED, "question of field " + asked);
        }
        return answer.toBytes();
    }

    private static void files(ProtoWriter answer, List<byte[]> files, String name) {
        if (files.isEmpty()) {
            error(answer, StatusCode.NOT_FOUND, "not found: " + name);
            return;
        }
        ProtoWriter found = new ProtoWriter();
        files.forEach(each -> found.bytes(1, each, 0, each.length));
        answer.message(FILES, found);
    }

    private static void error(ProtoWriter answer, StatusCode code, String text) {
        answer.message(ERROR, new ProtoWriter().varint(1, code.number).text(2, text));
    }
}
