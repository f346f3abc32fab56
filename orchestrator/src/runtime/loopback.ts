/** Makes Netty ask the classes of infra/spark/LoopbackOnly.java, if they are on the class path, about each server. */
export const LOOPBACK_OPTION = '-Dio.netty.bootstrap.extensions=serviceload'
