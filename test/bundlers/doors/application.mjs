export default () => new Response("a worker served");
