<%@ page contentType="text/plain" session="false" trimDirectiveWhitespaces="true" %><%
if (request.getMethod().equals("POST")) {
  out.write(new String(request.getInputStream().readAllBytes(), "UTF-8"));
} else {
  out.write("page ".repeat(200));
}
%>
