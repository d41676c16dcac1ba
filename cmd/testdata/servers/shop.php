<?php
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
  header('Content-Type: application/json');
  echo json_encode(json_decode(file_get_contents('php://input')));
} else {
  header('Content-Type: text/plain');
  echo str_repeat('page ', 200);
}
