# SPDX-License-Identifier: MIT
# cmake -DURL=... -DFILE=... -P download.cmake: fails where the file cannot be had.
file(DOWNLOAD ${URL} ${FILE} STATUS status INACTIVITY_TIMEOUT 30)
list(GET status 0 code)
if(code)
  message(FATAL_ERROR "${URL}: ${status}")
endif()
