// Command descriptors writes what the Java server tells by reflection: the descriptions of its services as sets of file
// descriptors, each file with all that it imports.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"pgwatchrpc/interop-grpc/pb"
)

func main() {
	out := flag.String("out", "", "folder of the Java package's resources")
	flag.Parse()
	if *out == "" {
		fmt.Fprintln(os.Stderr, "descriptors: -out is missing")
		os.Exit(2)
	}
	sets := map[string][]protoreflect.FileDescriptor{
		"pgwatch/receiver.binpb": {pb.File_receiver_proto},
		"grpc.binpb": {
			grpc_health_v1.File_grpc_health_v1_health_proto,
			reflectionv1.File_grpc_reflection_v1_reflection_proto,
			grpc_reflection_v1alpha.File_grpc_reflection_v1alpha_reflection_proto,
		},
	}
	for name, files := range sets {
		bytes, err := encode(files)
		if err == nil {
			err = os.WriteFile(filepath.Join(*out, name), bytes, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "descriptors:", err)
			os.Exit(1)
		}
	}
}

func encode(files []protoreflect.FileDescriptor) ([]byte, error) {
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	for _, file := range files {
		add(set, seen, file)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(set)
}

// add puts a file behind those it imports, as protoc does.
func add(set *descriptorpb.FileDescriptorSet, seen map[string]bool, file protoreflect.FileDescriptor) {
	if seen[file.Path()] {
		return
	}
	seen[file.Path()] = true
	for i := 0; i < file.Imports().Len(); i++ {
		add(set, seen, file.Imports().Get(i).FileDescriptor)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}
