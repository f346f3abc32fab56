package io.cpuanomaly;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ServerChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * Binds those servers of the driver to 127.0.0.1 that would listen on every interface.
 *
 * <p>Spark's spark.driver.bindAddress does not reach the servers of real-time mode's shuffle: each task that writes for
 * several partitions starts one without an address (StreamingShuffleWriter.startShuffleServer). Netty asks an extension
 * about each server if -Dio.netty.bootstrap.extensions=serviceload is set.
 */
public final class LoopbackOnly extends ChannelInitializerExtension {
  @Override
  public void postInitializeServerListenerChannel(ServerChannel channel) {
    channel.pipeline().addFirst(new BindToLoopback());
  }

  private static final class BindToLoopback extends ChannelOutboundHandlerAdapter {
    @Override
    public void bind(ChannelHandlerContext context, SocketAddress address, ChannelPromise promise) throws Exception {
      context.bind(isEveryInterface(address) ? loopback(address) : address, promise);
    }

    private static boolean isEveryInterface(SocketAddress address) {
      return address instanceof InetSocketAddress && ((InetSocketAddress) address).getAddress().isAnyLocalAddress();
    }

    private static SocketAddress loopback(SocketAddress address) throws Exception {
      return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), ((InetSocketAddress) address).getPort());
    }
  }
}
